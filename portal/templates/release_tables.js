/* Filtering a table by words, and downloading the rows that are shown, as the data file has them. */

function quoteCell(cell) {
  const text = String(cell);
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

function writeTenths(number) { return number === null ? "" : (number / 10).toFixed(1); }

function writePlain(number) {
  if (number === null || number === undefined) return "";
  return Number.isInteger(number) ? number.toFixed(1) : String(number);
}

/* A year alone would be read as a number. */
function writePeriod(period) { return /^\d{4}$/.test(period) ? `CY${period}` : period; }

function writeRow(table, row) {
  const [place, , kind, estimate, count, status, noise, ...modelled] = row;
  const margin = numbers.noises[noise][1];
  const isEstimated = numbers.statuses[status] === "estimated";
  const [low, high] = estimate === null ? [count ?? "", count ?? ""] : findRange(estimate, margin, count, isEstimated);
  const [labels] = table.kinds[kind];
  const cells = [writePeriod(table.period), numbers.places[place], ...labels, table.unit, writeTenths(estimate),
    writeTenths(margin), low, high, count ?? "", numbers.statuses[status],
    ...modelled.map(writePlain)];
  return cells.map(quoteCell).join(",");
}

function writeTable(table, shown) {
  const rows = table.rows.filter((_, place) => shown[place]).map((row) => writeRow(table, row));
  const isModelled = table.rows.some((row) => row.length > 7);
  const columns = [...numbers.columns[0], ...table.dimensions, ...numbers.columns[1], ...isModelled ? numbers.columns[2] : []];
  return [columns.join(","), ...rows, ""].join("\n");
}

function download(name, text) {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob([text], { type: "text/csv" }));
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10000);
}

function filterRows(rows, words) {
  const wanted = words.toLowerCase().split(/\s+/).filter(Boolean);
  let shown = 0;
  rows.forEach((row) => {
    const text = row.textContent.toLowerCase();
    row.hidden = !wanted.every((word) => text.includes(word));
    shown += row.hidden ? 0 : 1;
  });
  return shown;
}

function offerFilter(holder, table) {
  const tools = holder.querySelector(".tools");
  const rows = [...holder.querySelectorAll("tbody tr")];
  const label = document.createElement("label");
  const field = document.createElement("input");
  const note = document.createElement("span");
  const button = document.createElement("button");
  field.type = "search";
  field.id = `filter-${table.name}`;
  label.htmlFor = field.id;
  label.textContent = "Show rows with";
  note.setAttribute("role", "status");
  button.type = "button";
  button.textContent = "Download as shown";
  field.addEventListener("input", () => {
    note.textContent = `${filterRows(rows, field.value)} of ${rows.length} rows`;
  });
  button.addEventListener("click", () => {
    const shown = rows.map((row) => !row.hidden);
    const suffix = shown.every(Boolean) ? "" : "_as_shown";
    download(`${table.name}${suffix}.csv`, writeTable(table, shown));
  });
  if (tools) tools.append(label, field, note);
  if (rows.length) holder.querySelector(".files").append(" ", button);
}

/* Open what is folded around the part that the address names. */
function openTarget() {
  const target = document.getElementById(decodeURIComponent(location.hash.slice(1)));
  if (!target) return;
  for (let part = target.closest("details"); part; part = part.parentElement.closest("details")) {
    part.open = true;
  }
  target.scrollIntoView();
}

function offerFilters() {
  document.querySelectorAll("[data-table]").forEach((holder) => {
    offerFilter(holder, numbers.tables.find((table) => table.name === holder.dataset.table));
  });
  addEventListener("hashchange", openTarget);
  openTarget();
}
