// SPDX-License-Identifier: MIT
// How clients prove who they are. The one good key is `test-key`.
export const goodKey = 'test-key';

export const bearer = ({ headers }) => headers.authorization === `Bearer ${goodKey}`;
export const header = (name) => ({ headers }) => headers[name] === goodKey;
export const query = (name) => (exchange) => exchange.query.get(name) === goodKey;
export const any = (...ways) => (exchange) => ways.some((way) => way(exchange));
export const none = () => true;
