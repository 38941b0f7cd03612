// SPDX-License-Identifier: MIT
//
// Starts the page: the engine once, then the interface that draws it.

import './style.css';
import { render } from 'preact';
import { App } from './app';

const root = document.getElementById('app');
if (root) render(<App />, root);
