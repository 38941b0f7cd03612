// SPDX-License-Identifier: MIT
// Throw-away certificates, made with openssl when the fakes start.
import { execFileSync } from 'node:child_process';

function selfSigned(subject, names) {
  const pem = execFileSync('openssl', ['req', '-x509', '-newkey', 'ec',
    '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '2', '-subj', subject,
    '-addext', `subjectAltName=${names}`, '-keyout', '-', '-out', '-'],
  { stdio: ['ignore', 'pipe', 'ignore'] }).toString();
  return { key: /-----BEGIN PRIVATE KEY-----[\s\S]*?-----END PRIVATE KEY-----/.exec(pem)[0],
    cert: /-----BEGIN CERTIFICATE-----[\s\S]*?-----END CERTIFICATE-----\n?/.exec(pem)[0] };
}

// `good` is valid for 127.0.0.1 once its certificate is trusted; `wrongHost` never is.
export function certificates() {
  return { good: selfSigned('/CN=localhost', 'IP:127.0.0.1,DNS:localhost'),
    wrongHost: selfSigned('/CN=elsewhere.example', 'DNS:elsewhere.example') };
}
