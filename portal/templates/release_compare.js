/* How likely noise alone, and noise and chance, are to make a difference between two sums of rows.
   A term is { table, row, period }: numbers of a table, a row, and an earlier quarter or null. */

const SURE = 0.01;
const LIKELY = 0.05;
const UNCLEAR = 0.2;
const QUANTILE = 1.6448536269514722;
/* Below it two sums are one number but for rounding: the noise of a cell is never below 1. */
const SAME = 0.05;

/* The likely range of a row, as the data files state it. */
function findRange(estimate, margin, count, isEstimated) {
  const low = isEstimated ? Math.floor((estimate - margin) / 10) : 0;
  const high = Math.ceil((estimate + margin) / 10);
  const least = count === null ? low : Math.min(low, count);
  return [Math.max(0, least), Math.max(0, count === null ? high : Math.max(high, count))];
}

function hasPeriod(table, row, period) {
  return numbers.tables[table].past[row][0][period] !== null;
}

function readTerm(term) {
  const table = numbers.tables[term.table];
  const row = table.rows[term.row];
  const isNow = term.period === null;
  const [estimate, count, status, noise, modelled] = isNow ? row.slice(3, 8)
    : table.past[term.row].map((one) => (Array.isArray(one) ? one[term.period] : one));
  const [deviation, margin] = numbers.noises[noise];
  const isEstimated = numbers.statuses[status] === "estimated";
  const range = findRange(estimate, margin, count, isEstimated);
  const first = modelled ?? count;
  const low = first === null ? range[0] : Math.min(range[0], Math.floor(first));
  const high = first === null ? range[1] : Math.max(range[1], Math.ceil(first));
  const position = isNow && { level: table.level, unit: row[1], keys: table.kinds[row[2]][1] };
  return { table, frame: table.frame, place: `${term.table},${term.row}`, period: term.period,
    when: isNow ? table.period : table.earlier[term.period],
    estimate: estimate / 10, first, deviation, isEstimated, low, high, position };
}

function covary(one, two) {
  if (one.when !== two.when) return 0;
  if (one.position && two.position) {
    if (one.frame !== two.frame) return computeAcross(one.frame, one.position, two.frame, two.position);
    return computeCovariance(one.frame, one.position, two.position);
  }
  return one.place === two.place ? one.deviation ** 2 : 0;
}

/* The variance of a weighted sum; `weighted` holds [weight, term read]. */
function sumVariance(weighted) {
  let sum = 0;
  weighted.forEach(([weight, one], place) => {
    sum += weight * weight * covary(one, one);
    weighted.slice(place + 1).forEach(([other, two]) => {
      sum += 2 * weight * other * covary(one, two);
    });
  });
  return Math.max(0, sum);
}

function measureVariance(terms) {
  return sumVariance(terms.map((term) => [1, readTerm(term)]));
}

/* Chance that a normal number lies further from zero than `distance` deviations, either way. */
function computeTails(distance) {
  const z = Math.abs(distance) / Math.SQRT2;
  const t = 1 / (1 + 0.5 * z);
  const series = [1.00002368, 0.37409196, 0.09678418, -0.18628806, 0.27886807, -1.13520398,
    1.48851587, -0.82215223, 0.17087277];
  const sum = series.reduceRight((total, factor) => factor + t * total, 0);
  return Math.min(1, t * Math.exp(-z * z - 1.26551223 + t * sum));
}

/* Why two sums cannot be compared exactly, or "". */
function refuse(first, second) {
  const read = [...first, ...second].map(readTerm);
  if (new Set(read.map((term) => term.table.unit)).size > 1) {
    return "These count unlike things. Numbers of unlike units are never added or compared.";
  }
  const frames = new Set(read.map((term) => term.frame));
  if ([...frames].some((frame) => numbers.frames[frame].summed.some((base) => frames.has(base)))) {
    return "The numbers of a year rest on what its quarters measured too, so they share noise with those "
      + "of the quarters. Compare years with years, and quarters with quarters.";
  }
  const earlier = new Map();
  for (const term of read.filter((one) => one.period !== null)) {
    const key = `${findFamily(term.frame)},${term.when}`;
    if (earlier.has(key) && earlier.get(key) !== term.place) {
      return "Of an earlier quarter only one row at a time can be compared here. How its rows share "
        + "their noise is in the release of that quarter: compare them there.";
    }
    earlier.set(key, term.place);
  }
  return "";
}

function isWithin(one, two) {
  if (one.frame !== two.frame || !one.position || !two.position) return false;
  const geography = numbers.geographies[numbers.frames[one.frame].geography];
  const [upper, lower] = [one.position, two.position].sort((a, b) => a.level - b.level);
  let unit = lower.unit;
  for (let level = lower.level; level > upper.level; level -= 1) unit = geography[level][unit];
  return unit === upper.unit
    && upper.keys.every((keys, axis) => keys.some((key) => lower.keys[axis].includes(key)));
}

/* Whether two rows of frames that share a total count some records twice. */
function areSame(one, two) {
  if (one.frame === two.frame || !one.position || !two.position) return false;
  return findFamily(one.frame) === findFamily(two.frame)
    && [one, two].every((term) => findLeader(term.frame, term.position).share > 0);
}

/* Whether two terms of one side count some records twice. */
function overlap(terms) {
  return terms.some((one, place) => terms.slice(place + 1).some((two) => (
    one.when === two.when && (one.place === two.place || isWithin(one, two) || areSame(one, two))
  )));
}

function describeSide(terms) {
  const read = terms.map(readTerm);
  const estimate = read.reduce((sum, term) => sum + term.estimate, 0);
  const margin = QUANTILE * Math.sqrt(sumVariance(read.map((term) => [1, term])));
  const only = read.length === 1 ? read[0] : null;
  const isShown = only ? only.isEstimated : estimate > margin;
  const shown = only && only.first !== null ? Math.round(only.first) : Math.max(0, Math.round(estimate));
  let low = Math.max(0, Math.floor(estimate - margin));
  let high = Math.max(0, Math.ceil(estimate + margin));
  if (only) [low, high] = [only.low, only.high];
  if (!isShown) low = 0;
  return { estimate, shown, isShown, low: Math.min(low, shown), high: Math.max(high, shown),
    overlaps: overlap(read) };
}

/* The same of noise and chance: counts vary by so many times their mean, each with its weight. */
function mixTails(difference, deviation, total) {
  return numbers.dispersion.reduce((sum, [times, weight]) => (
    sum + weight * computeTails(difference / Math.sqrt(deviation ** 2 + times * Math.max(0, total)))
  ), 0);
}

/* The difference of two sums, and how often noise, and noise and chance, make a larger one. */
function compare(first, second) {
  const refusal = refuse(first, second);
  if (refusal) return { refusal };
  const weighted = [
    ...first.map((term) => [1, readTerm(term)]),
    ...second.map((term) => [-1, readTerm(term)]),
  ];
  const sides = [describeSide(first), describeSide(second)];
  const difference = sides[0].estimate - sides[1].estimate;
  const deviation = Math.sqrt(sumVariance(weighted));
  if (deviation < SAME) return { refusal: "Both sides are the same number." };
  const total = sides[0].estimate + sides[1].estimate;
  return { refusal: "", sides, difference, deviation, noise: computeTails(difference / deviation),
    both: mixTails(difference, deviation, total), unit: weighted[0][1].table.unit };
}
