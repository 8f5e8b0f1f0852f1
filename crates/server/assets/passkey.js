// The ceremony of a passkey, on the pages before the door. A form says by data-passkey whether one is made or shown; the
// server says what to ask for and checks the answer. Nothing else of the console needs a script.
'use strict';

const bytes = (text) => Uint8Array.from(atob(text.replace(/-/g, '+').replace(/_/g, '/')), (c) => c.charCodeAt(0));
const text = (buffer) => btoa(String.fromCharCode(...new Uint8Array(buffer))).replace(/\+/g, '-').replace(/\//g, '_').replace(/=+$/, '');

const post = async (path, body, token) => {
  const headers = { 'content-type': 'application/json' };
  // Somebody who is in already proves again who is there: the session's own page must ask for it.
  if (token) headers['x-csrf-token'] = token;
  const answer = await fetch(path, { method: 'POST', credentials: 'same-origin', headers, body: JSON.stringify(body) });
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

// The codes are shown here, once, by the page that the person is on; no address ever holds them.
const show = (form, codes) => {
  const place = form.parentElement.querySelector('[data-codes]');
  for (const code of codes) {
    const item = document.createElement('li');
    item.appendChild(document.createElement('code')).textContent = code;
    place.querySelector('ul').appendChild(item);
  }
  form.hidden = true;
  place.hidden = false;
  place.querySelector('a').focus();
};

for (const form of document.querySelectorAll('form[data-passkey]')) {
  const { passkey, token, next } = form.dataset;
  const failed = form.querySelector('[data-failed]');
  if (window.PublicKeyCredential) form.querySelector('[data-needs-script]').disabled = false;
  form.addEventListener('submit', async (event) => {
    event.preventDefault();
    failed.hidden = true;
    try {
      const { mail, name, csrf } = Object.fromEntries(new FormData(form));
      const asked = await post(`/access/${passkey}/ask`, passkey === 'join' ? { link: token, mail, name } : {}, csrf);
      const ask = passkey === 'join' ? navigator.credentials.create : navigator.credentials.get;
      const credential = await ask.call(navigator.credentials, wanted(asked.options));
      const { recovery_codes: codes } = await post(`/access/${passkey}/passkey`, { ceremony: asked.ceremony, answer: made(credential) }, csrf);
      if (codes.length > 0) show(form, codes);
      else location.assign(next); // a path of this server: it wrote it there itself
    } catch {
      failed.hidden = false;
    }
  });
}
