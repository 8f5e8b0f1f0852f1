// The ceremony of a passkey, on the pages before the door. A form says by data-passkey whether one is made or shown; the
// server says what to ask for and checks the answer. Nothing else of the console needs a script.
'use strict';

const bytes = (text) => Uint8Array.from(atob(text.replace(/-/g, '+').replace(/_/g, '/')), (c) => c.charCodeAt(0));
const text = (buffer) => btoa(String.fromCharCode(...new Uint8Array(buffer))).replace(/\+/g, '-').replace(/\//g, '_').replace(/=+$/, '');

const post = async (path, body) => {
  const answer = await fetch(path, {
    method: 'POST', credentials: 'same-origin', headers: { 'content-type': 'application/json' }, body: JSON.stringify(body),
  });
  if (!answer.ok) throw new Error(`${path}: ${answer.status}`);
  return answer.json();
};

const wanted = (options) => {
  const key = options.publicKey;
  key.challenge = bytes(key.challenge);
  if (key.user) key.user.id = bytes(key.user.id);
  for (const list of [key.allowCredentials, key.excludeCredentials]) for (const one of list ?? []) one.id = bytes(one.id);
  return { publicKey: key };
};

const made = (credential) => {
  const response = {};
  for (const part of ['attestationObject', 'authenticatorData', 'clientDataJSON', 'signature', 'userHandle']) {
    if (credential.response[part]) response[part] = text(credential.response[part]);
  }
  return { id: credential.id, rawId: text(credential.rawId), type: credential.type, response, extensions: {} };
};

for (const form of document.querySelectorAll('form[data-passkey]')) {
  const { passkey, token, next } = form.dataset;
  const failed = form.querySelector('[data-failed]');
  if (window.PublicKeyCredential) form.querySelector('[data-needs-script]').disabled = false;
  form.addEventListener('submit', async (event) => {
    event.preventDefault();
    failed.hidden = true;
    try {
      const fields = Object.fromEntries(new FormData(form));
      const begun = await post(`/passkey/${passkey}/begin`, { ...fields, token });
      const ask = passkey === 'register' ? navigator.credentials.create : navigator.credentials.get;
      const credential = await ask.call(navigator.credentials, wanted(begun.options));
      const done = await post(`/passkey/${passkey}/finish`, { ceremony: begun.ceremony, credential: made(credential), token });
      // Only ever a path of this server.
      location.assign(done.next ?? (next?.startsWith('/') && !next.startsWith('//') ? next : '/'));
    } catch {
      failed.hidden = false;
    }
  });
}
