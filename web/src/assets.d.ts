// SPDX-License-Identifier: MIT
//
// What the bundler makes of an import that names a worker: the address of a file of its own.

declare module '*?worker&url' {
  const url: string;
  export default url;
}
