// SPDX-License-Identifier: MIT
//
// What went wrong or deserves a word, in words meant for people.

import { actions, playground } from './playground';

export function Notices() {
  const { phase, message } = playground.mic.value;
  const troubled = phase === 'denied' || phase === 'missing' || phase === 'failed';
  return (
    <div class="notices" role="log" aria-label="Notices">
      {troubled && message && (
        <p class="notice" data-level="warning">
          {message}
        </p>
      )}
      {playground.notices.value.slice(-3).filter((notice) => !troubled || notice.text !== message)
        .map((notice) => (
          <div key={notice.id} class="notice" data-level={notice.level}>
            <span>
              {notice.text}
              {notice.detail && <small>{notice.detail}</small>}
            </span>
            <button aria-label="Dismiss" onClick={() => actions.dismissNotice(notice.id)}>
              ×
            </button>
          </div>
        ))}
    </div>
  );
}
