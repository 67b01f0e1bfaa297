/* The covariance of any two rows of a release, from the precisions of what was measured.
   For each residual space the precision matrix is a tree over places; its inverse is followed from
   two places up to the root, one Sherman-Morrison step a level, so nothing large is ever built. */

const solvedFrames = new Map();

function solveSpace(parents, precisions) {
  let deepest = precisions.length - 1;
  while (deepest > 0 && !precisions[deepest]) deepest -= 1;
  const sums = [];
  const shrinks = [];
  for (let level = deepest; level >= 0; level -= 1) {
    const precision = precisions[level];
    const count = level ? parents[level].length : 1;
    const below = new Array(count).fill(0);
    if (level < deepest) {
      parents[level + 1].forEach((parent, unit) => { below[parent] += sums[level + 1][unit]; });
    }
    shrinks[level] = below.map((sum) => 1 / (1 + precision * sum));
    sums[level] = below.map((sum) => (level < deepest ? sum / (1 + precision * sum) : 1 / precision));
  }
  return { parents, precisions, deepest, sums, shrinks };
}

function climb(space, place) {
  const level = place.level - 1;
  const unit = place.level ? space.parents[place.level][place.unit] : 0;
  return { level, unit, value: place.value * space.shrinks[level][unit] };
}

/* h' G^-1 k for the places h and k of one space. */
function weighPlaces(space, levelOne, unitOne, levelTwo, unitTwo) {
  if (levelOne > space.deepest || levelTwo > space.deepest) return Infinity;
  let one = { level: levelOne, unit: unitOne, value: space.sums[levelOne][unitOne] };
  let two = { level: levelTwo, unit: unitTwo, value: space.sums[levelTwo][unitTwo] };
  while (one.level > two.level) one = climb(space, one);
  while (two.level > one.level) two = climb(space, two);
  let shared = null;
  if (one.unit === two.unit) shared = levelOne > levelTwo ? one.value : two.value;
  while (one.level > 0) {
    const upOne = climb(space, one);
    const upTwo = climb(space, two);
    if (upOne.unit === upTwo.unit) {
      const step = space.precisions[upOne.level] * space.shrinks[upOne.level][upOne.unit];
      shared = (shared || 0) - step * one.value * two.value;
    }
    one = upOne;
    two = upTwo;
  }
  return shared;
}

function solveFrame(index) {
  if (!solvedFrames.has(index)) {
    const frame = numbers.frames[index];
    const parents = numbers.geographies[frame.geography];
    const spaces = frame.precisions.map(([axes, precisions]) => (
      { axes: new Set(axes), solved: solveSpace(parents, precisions) }
    ));
    solvedFrames.set(index, { sizes: frame.sizes, spaces });
  }
  return solvedFrames.get(index);
}

function weighKeys(axes, sizes, keysOne, keysTwo) {
  let weight = 1;
  sizes.forEach((size, axis) => {
    const product = keysOne[axis].length * keysTwo[axis].length / size;
    const both = keysOne[axis].filter((key) => keysTwo[axis].includes(key)).length;
    weight *= axes.has(axis) ? both - product : product;
  });
  return weight;
}

/* How many cells of a row are rows of another frame too, where its frame has such cells. */
function countSame(frameIndex, row) {
  const [, places] = numbers.frames[frameIndex].same;
  return row.keys[0].filter((key) => places.includes(key)).length;
}

/* Rows are { level, unit, keys }. */
function computeCovariance(frameIndex, one, two) {
  const frame = solveFrame(frameIndex);
  const { same } = numbers.frames[frameIndex];
  let sum = same ? same[2] * countSame(frameIndex, one) * countSame(frameIndex, two) : 0;
  for (const space of frame.spaces) {
    const weight = weighKeys(space.axes, frame.sizes, one.keys, two.keys);
    if (Math.abs(weight) > 1e-9) {
      sum += weight * weighPlaces(space.solved, one.level, one.unit, two.level, two.unit);
    }
  }
  return sum;
}

/* The frame whose total a frame shares, or itself. */
function findFamily(frameIndex) {
  const { same } = numbers.frames[frameIndex];
  return same ? same[0] : frameIndex;
}

/* The row of that frame with which a row varies, and by how much. */
function findLeader(frameIndex, row) {
  const { same } = numbers.frames[frameIndex];
  if (!same) return { share: 1, row };
  const keys = numbers.frames[same[0]].sizes.map((size) => [...Array(size).keys()]);
  return { share: countSame(frameIndex, row) / same[1].length, row: { level: 0, unit: 0, keys } };
}

/* Rows of two frames, which vary together only where these share a total. */
function computeAcross(frameOne, one, frameTwo, two) {
  const family = findFamily(frameOne);
  if (family !== findFamily(frameTwo)) return 0;
  const [first, second] = [findLeader(frameOne, one), findLeader(frameTwo, two)];
  return first.share * second.share * computeCovariance(family, first.row, second.row);
}
