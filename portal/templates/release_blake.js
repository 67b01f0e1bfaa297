/* BLAKE2b with 64 bytes of output (RFC 7693), which minisign signs and browsers do not offer. */

const BLAKE_START = [
  0x6a09e667f3bcc908n, 0xbb67ae8584caa73bn, 0x3c6ef372fe94f82bn, 0xa54ff53a5f1d36f1n,
  0x510e527fade682d1n, 0x9b05688c2b3e6c1fn, 0x1f83d9abfb41bd6bn, 0x5be0cd19137e2179n,
];
const BLAKE_ORDER = [
  "0123456789abcdef", "ea489fd61c02b753", "b8c052fdae367194", "7931dcbe265a40f8",
  "905724afe1bc683d", "2c6a0b834d75fe19", "c51fed4a0763928b", "db7ec13950f4862a",
  "6fe9b308c2d714a5", "a2847615fb9e3cd0",
].map((line) => [...line].map((digit) => parseInt(digit, 16)));
const BLAKE_MIX = [
  [0, 4, 8, 12], [1, 5, 9, 13], [2, 6, 10, 14], [3, 7, 11, 15],
  [0, 5, 10, 15], [1, 6, 11, 12], [2, 7, 8, 13], [3, 4, 9, 14],
];
const BLAKE_ROUNDS = 12;
const BLAKE_BLOCK = 128;

function cut(word) { return BigInt.asUintN(64, word); }

function turn(word, by) { return cut((word >> by) | (word << (64n - by))); }

function mix(v, [a, b, c, d], x, y) {
  v[a] = cut(v[a] + v[b] + x);
  v[d] = turn(v[d] ^ v[a], 32n);
  v[c] = cut(v[c] + v[d]);
  v[b] = turn(v[b] ^ v[c], 24n);
  v[a] = cut(v[a] + v[b] + y);
  v[d] = turn(v[d] ^ v[a], 16n);
  v[c] = cut(v[c] + v[d]);
  v[b] = turn(v[b] ^ v[c], 63n);
}

function compress(state, block, length, isLast) {
  const view = new DataView(block.buffer);
  const words = Array.from({ length: 16 }, (_, place) => view.getBigUint64(8 * place, true));
  const v = [...state, ...BLAKE_START];
  v[12] ^= BigInt(length);
  if (isLast) v[14] = cut(~v[14]);
  for (let round = 0; round < BLAKE_ROUNDS; round += 1) {
    const order = BLAKE_ORDER[round % BLAKE_ORDER.length];
    BLAKE_MIX.forEach((places, step) => {
      mix(v, places, words[order[2 * step]], words[order[2 * step + 1]]);
    });
  }
  return state.map((word, place) => word ^ v[place] ^ v[place + 8]);
}

function hashBlake(bytes) {
  let state = [...BLAKE_START];
  state[0] ^= 0x01010040n;
  const blocks = Math.max(1, Math.ceil(bytes.length / BLAKE_BLOCK));
  for (let number = 0; number < blocks; number += 1) {
    const block = new Uint8Array(BLAKE_BLOCK);
    block.set(bytes.subarray(number * BLAKE_BLOCK, (number + 1) * BLAKE_BLOCK));
    const length = Math.min(bytes.length, (number + 1) * BLAKE_BLOCK);
    state = compress(state, block, length, number === blocks - 1);
  }
  const result = new DataView(new ArrayBuffer(64));
  state.forEach((word, place) => result.setBigUint64(8 * place, word, true));
  return new Uint8Array(result.buffer);
}
