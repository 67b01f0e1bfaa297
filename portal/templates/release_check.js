/* Checking the signature of release.json, and the hashes of files against it, in the browser. */

function decode(line) {
  return Uint8Array.from(atob(line.trim()), (letter) => letter.charCodeAt(0));
}

function join(...parts) {
  return new Uint8Array(parts.flatMap((part) => [...part]));
}

function isSame(one, two) {
  return one.length === two.length && one.every((byte, place) => byte === two[place]);
}

/* minisign: two letters of the method, eight bytes of the key's id, then key or signature. */
function readKeys(text) {
  const keys = [];
  let comment = "";
  for (const line of text.trim().split(/\r?\n/)) {
    if (line.startsWith("untrusted comment:")) { comment = line; continue; }
    const bytes = decode(line);
    if (bytes.length !== 42) throw new Error("length");
    const until = comment.match(/\buntil (\S+)/);
    keys.push({ id: bytes.subarray(2, 10), key: bytes.slice(10), until: until ? until[1] : "" });
  }
  return keys;
}

/* A key that was exchanged signed releases that were drawn before; see moshare.pub. */
function isCovered(until, record) {
  const drawnAt = JSON.parse(new TextDecoder().decode(record)).drawn_at;
  return !until || Date.parse(drawnAt) < Date.parse(until);
}

function readSignature(text) {
  const lines = text.split(/\r?\n/);
  const bytes = decode(lines[1]);
  const comment = new TextEncoder().encode(lines[2].replace("trusted comment: ", ""));
  if (bytes.length !== 74) throw new Error("length");
  const isHashed = bytes[1] === 68;
  return { isHashed, id: bytes.subarray(2, 10), own: bytes.slice(10), comment, all: decode(lines[3]) };
}

async function checkSignature(record, signatureText, keyText) {
  let parts;
  try {
    parts = [readKeys(keyText), readSignature(signatureText)];
  } catch {
    return "The key or the signature is not in minisign's form.";
  }
  const [keys, signature] = parts;
  const signer = keys.find((one) => isSame(one.id, signature.id));
  if (!signer) return "It was signed with another key than this one.";
  let imported;
  try {
    imported = await crypto.subtle.importKey("raw", signer.key, { name: "Ed25519" }, false, ["verify"]);
  } catch {
    return "This browser does not know Ed25519, so it cannot check. Use the command above.";
  }
  const signed = signature.isHashed ? hashBlake(record) : record;
  const method = { name: "Ed25519" };
  const isOwn = await crypto.subtle.verify(method, imported, signature.own, signed);
  const whole = join(signature.own, signature.comment);
  const isAll = await crypto.subtle.verify(method, imported, signature.all, whole);
  if (!isOwn || !isAll) return "The signature does not fit: release.json was changed, or is forged.";
  return isCovered(signer.until, record) ? "" : `This key signed releases drawn until ${signer.until}. Do not use this one.`;
}

async function hashFile(bytes) {
  const hash = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
  return [...hash].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}

async function judgeFiles(record, files) {
  const listed = JSON.parse(new TextDecoder().decode(record)).files;
  const lines = [];
  for (const file of files) {
    const entry = listed.find((one) => one.path.split("/").pop() === file.name);
    const hash = await hashFile(new Uint8Array(await file.arrayBuffer()));
    if (!entry) lines.push(`${file.name} is not part of the release.`);
    else if (entry.sha256 === hash) lines.push(`${file.name} is as it was published.`);
    else lines.push(`${file.name} has other content than when it was published. Do not use it.`);
  }
  return lines;
}

/* The chosen file, or, where the page came from a server, the file beside the page. */
async function readPart(field, name) {
  if (field.files.length) return new Uint8Array(await field.files[0].arrayBuffer());
  if (!name || !location.protocol.startsWith("http")) return null;
  const answer = await fetch(name);
  return answer.ok ? new Uint8Array(await answer.arrayBuffer()) : null;
}

async function check() {
  const find = (part) => document.getElementById(`check-${part}`);
  if (!globalThis.crypto || !crypto.subtle) {
    return ["This browser offers no cryptography at this address. Use the command above."];
  }
  const record = await readPart(find("record"), "release.json");
  const signature = await readPart(find("signature"), "release.json.minisig");
  const key = await readPart(find("key"), "");
  if (!record || !signature || !key) {
    return ["Choose release.json, release.json.minisig and the public key first."];
  }
  const text = new TextDecoder();
  const problem = await checkSignature(record, text.decode(signature), text.decode(key));
  if (problem) return [problem];
  return ["release.json is signed by the holder of this key.", ...await judgeFiles(record, find("files").files)];
}

function offerCheck() {
  document.getElementById("check-form").addEventListener("submit", async (event) => {
    event.preventDefault();
    const lines = await check().catch(() => ["The files could not be read."]);
    document.getElementById("check-result").replaceChildren(...lines.map((line) => {
      const element = document.createElement("p");
      element.textContent = line;
      return element;
    }));
  });
}
