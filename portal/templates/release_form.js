/* The form of the comparison: choosing rows, and the answer in plain words. */

const made = new Set();
let termsMade = 0;

function createOption(value, text) {
  const option = document.createElement("option");
  option.value = value;
  option.textContent = text;
  return option;
}

function nameRow(table, row) {
  const [labels] = table.kinds[row[2]];
  const place = table.isPlaced ? [numbers.places[row[0]]] : [];
  return [...place, ...labels].join(", ");
}

function createChoice(holder, name, id) {
  const label = document.createElement("label");
  const select = document.createElement("select");
  select.id = `${id}-${name.toLowerCase()}`;
  label.htmlFor = select.id;
  label.textContent = name;
  holder.append(label, select);
  return select;
}

function fillRows(select, table) {
  const rows = numbers.tables[table].rows.map((row, place) => [place, row]);
  const known = rows.filter(([, row]) => row[3] !== null);
  select.replaceChildren(...known.map(([place, row]) => (
    createOption(place, nameRow(numbers.tables[table], row))
  )));
}

function fillPeriods(select, table, row) {
  const earlier = numbers.tables[table].earlier
    .map((period, place) => [place, period])
    .filter(([place]) => hasPeriod(table, row, place))
    .reverse()
    .map(([place, period]) => createOption(place, `${period}, as published then`));
  select.replaceChildren(createOption("", `${numbers.tables[table].period}, this release`), ...earlier);
}

function createTerm(side) {
  const terms = side.querySelector(".terms");
  const holder = document.createElement("div");
  termsMade += 1;
  const id = `term-${termsMade}`;
  const [table, row, period] = ["Table", "Row", "Period"].map((name) => (
    createChoice(holder, name, id)
  ));
  numbers.tables.forEach((entry, place) => {
    if (entry.frame >= 0) table.append(createOption(place, entry.title));
  });
  table.addEventListener("change", () => { fillRows(row, table.value); refresh(); });
  row.addEventListener("change", refresh);
  function refresh() { fillPeriods(period, table.value, row.value); }
  if (terms.children.length) holder.append(createRemoval(side, holder));
  terms.append(holder);
  fillRows(row, table.value);
  refresh();
  return { holder, table, row, period };
}

function createRemoval(side, holder) {
  const button = document.createElement("button");
  button.type = "button";
  button.textContent = "Remove this row";
  button.addEventListener("click", () => { holder.remove(); side.querySelector(".add").focus(); });
  return button;
}

function readSide(side) {
  return [...side.querySelectorAll(".terms > div")].map((holder) => {
    const [table, row, period] = [...holder.querySelectorAll("select")].map((one) => one.value);
    return { table: Number(table), row: Number(row), period: period === "" ? null : Number(period) };
  });
}

function say(number) { return number.toLocaleString("en-US"); }

function saySide(side) {
  const range = `likely ${say(side.low)} to ${say(side.high)}`;
  return side.isShown ? `about ${say(side.shown)} (${range})`
    : `not distinguishable from zero (${range})`;
}

function sayChance(chance) {
  for (const draws of [100, 1000, 10000]) {
    const times = Math.round(chance * draws);
    if (times >= draws) return "nearly every time";
    if (times >= 1 && (times >= 2 || draws === 10000)) return `about ${times} of ${say(draws)} times`;
  }
  return "less than once in 10,000 times";
}

/* Whether a row is compared with itself in other periods: one of the looks that the page counts. */
function isListed(sides) {
  const [first] = sides[0];
  return sides.flat().every((term) => term.table === first.table && term.row === first.row);
}

function isLuck(both, sides) {
  if (both >= LIKELY) return false;
  return isListed(sides) ? both > 1.001 * numbers.cutOff : both * made.size >= LIKELY;
}

function judge(both, sides) {
  if (isLuck(both, sides)) return "Perhaps a change, perhaps luck among many looks.";
  if (both < SURE) return "Very probably a real change.";
  if (both < LIKELY) return "Probably a real change.";
  if (both < UNCLEAR) return "It cannot be told whether anything changed.";
  return "No sign of a change.";
}

function sayDifference(answer) {
  const size = Math.abs(answer.difference);
  const margin = QUANTILE * answer.deviation;
  const [low, high] = [Math.floor(size - margin), Math.ceil(size + margin)];
  const word = answer.difference < 0 ? "less" : "more";
  const range = low > 0 ? `likely ${say(low)} to ${say(high)} ${word}`
    : `likely at most ${say(high)} ${word}, perhaps none, perhaps the other way round`;
  const exact = say(Math.round(10 * size) / 10);
  return `By the estimates the first is ${exact} ${word} than the second: ${range}.`;
}

function sayAnswer(answer) {
  const [first, second] = answer.sides;
  const sentences = [
    `First: ${saySide(first)}. Second: ${saySide(second)}. Unit: ${answer.unit}.`,
    sayDifference(answer),
    `If the two were the same, noise alone would make a larger difference ${sayChance(answer.noise)}.`,
    "If only what lies behind them were the same, noise and chance together would make one "
      + `${sayChance(answer.both)}.`,
  ];
  if (first.overlaps || second.overlaps) {
    sentences.push("Beware: rows of one sum overlap, so some records are counted twice in it.");
  }
  return sentences;
}

function warnOfMany(count, both, sides) {
  if (isListed(sides)) {
    return `This release has ${numbers.looks} such changes to look at. “What changed”, above, counts them all.`;
  }
  if (count < 2) return "";
  const luck = Math.min(1, count * both);
  return `You have made ${count} comparisons. Even if nothing differed in any of them, the chance that `
    + `one of them looks at least so different is up to ${Math.max(1, Math.round(100 * luck))} in 100.`;
}

function namePeriod(term) {
  const table = numbers.tables[term.table];
  return term.period === null ? table.period : table.earlier[term.period];
}

/* The rows of a sum, each once with its periods. */
function nameSide(terms) {
  const periods = new Map();
  terms.forEach((term) => {
    const table = numbers.tables[term.table];
    const name = `${table.title}, ${nameRow(table, table.rows[term.row])}`;
    periods.set(name, [...(periods.get(name) || []), namePeriod(term)]);
  });
  return [...periods].map(([name, all]) => `${name}, ${all.join(" + ")}`).join(" + ");
}

function writeTerm(term) {
  const table = numbers.tables[term.table];
  return `${table.name}:${encodeURIComponent(nameRow(table, table.rows[term.row]))}@${namePeriod(term)}`;
}

function writeLink(sides) {
  return `#compare=${sides.map((terms) => terms.map(writeTerm).join("+")).join(";")}`;
}

/* The term that a link names, or null where this release has none. */
function findTerm(text) {
  const [, name, row, when] = /^([^:]*):([^@]*)@(.*)$/.exec(text) || [];
  const table = numbers.tables.findIndex((one) => one.name === name && one.frame >= 0);
  if (table < 0) return null;
  const entry = numbers.tables[table];
  const place = entry.rows.findIndex((one) => nameRow(entry, one) === decodeURIComponent(row));
  const period = when === entry.period ? null : entry.earlier.indexOf(when);
  if (place < 0 || entry.rows[place][3] === null) return null;
  return period === null || (period >= 0 && hasPeriod(table, place, period))
    ? { table, row: place, period } : null;
}

/* A period and those after it, beside as many before it. */
function splitTerms(text) {
  const term = findTerm(text);
  if (!term) return [[null], [null]];
  const { earlier } = numbers.tables[term.table];
  const known = [...earlier.keys()].filter((one) => (
    hasPeriod(term.table, term.row, one)
  ));
  const all = [...known, null].map((period) => ({ ...term, period }));
  const place = all.findIndex((one) => one.period === term.period);
  const size = Math.min(place, all.length - place);
  return [all.slice(place, place + size), all.slice(place - size, place)];
}

function readLink(hash) {
  const [, kind, text] = /^#(compare|split)=(.*)$/.exec(hash) || [];
  if (kind === "split") return splitTerms(text);
  return kind ? text.split(";").map((side) => side.split("+").map(findTerm)) : null;
}

function showAnswer(holder, answer, sides) {
  const lines = [];
  if (answer.refusal) {
    lines.push(["p", answer.refusal]);
  } else {
    made.add(JSON.stringify(sides));
    lines.push(["h3", judge(answer.both, sides)], ["p", `${sides.map(nameSide).join(", beside ")}.`]);
    lines.push(...sayAnswer(answer).map((words) => ["p", words]));
    lines.push(["p", warnOfMany(made.size, answer.both, sides)]);
    lines.push(["p", "This speaks of noise and chance, and not of late or missing records."]);
  }
  holder.replaceChildren(...lines.filter(([, words]) => words).map(([tag, words]) => {
    const element = document.createElement(tag);
    element.textContent = words;
    return element;
  }));
  if (answer.refusal) return;
  const link = document.createElement("a");
  link.href = writeLink(sides);
  link.textContent = "A link to exactly this comparison";
  holder.append(link);
}

function fillTerm(made, term) {
  const { table, row, period } = made;
  table.value = term.table;
  fillRows(row, term.table);
  row.value = term.row;
  fillPeriods(period, term.table, term.row);
  period.value = term.period === null ? "" : term.period;
}

/* Every number in a table of series leads to it and what follows, beside as many before it. */
function offerSplits() {
  document.querySelectorAll("tr[data-row]").forEach((line) => {
    const heads = line.closest("table").tHead.rows[0].cells;
    const numbered = [...line.cells].slice(1).filter((cell) => /\d/.test(cell.textContent));
    numbered.slice(1).forEach((cell) => {
      const link = document.createElement("a");
      link.href = `#split=${line.dataset.row}@${heads[cell.cellIndex].textContent}`;
      link.append(...cell.childNodes);
      cell.append(link);
    });
  });
}

/* Open the comparison that the address names. */
function openLink(sides) {
  const terms = readLink(location.hash);
  if (!terms) return;
  const verdict = document.getElementById("verdict");
  if (terms.length !== 2 || terms.flat().includes(null) || !terms[0].length) {
    verdict.textContent = "This link names a number that this release does not have. It may be of "
      + "another release: open it there, or choose the numbers here.";
  } else {
    sides.forEach((side, place) => {
      side.querySelector(".terms").replaceChildren();
      terms[place].forEach((term) => fillTerm(createTerm(side), term));
    });
    showAnswer(verdict, compare(...terms), terms);
  }
  document.getElementById("compare").scrollIntoView();
  verdict.scrollIntoView({ block: "nearest" });
  verdict.focus({ preventScroll: true });
}

function offerComparison() {
  const form = document.getElementById("compare-form");
  const sides = [...form.querySelectorAll("fieldset")];
  if (!numbers.tables.some((table) => table.frame >= 0)) return;
  const chosen = sides.map(createTerm);
  const { period } = chosen[1];
  const verdict = document.getElementById("verdict");
  if (period.options.length > 1) period.selectedIndex = 1;
  sides.forEach((side) => {
    side.querySelector(".add").addEventListener("click", () => createTerm(side).table.focus());
  });
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    const terms = sides.map(readSide);
    showAnswer(verdict, compare(...terms), terms);
    verdict.scrollIntoView({ block: "nearest" });
  });
  addEventListener("hashchange", () => openLink(sides));
  offerSplits();
  openLink(sides);
}
