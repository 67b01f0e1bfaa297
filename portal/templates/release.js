(function () {
"use strict";
const numbers = JSON.parse(document.getElementById("numbers").textContent);
{% include "release_covariance.js" %}
{% include "release_compare.js" %}
{% include "release_form.js" %}
{% include "release_tables.js" %}
{% include "release_blake.js" %}
{% include "release_check.js" %}
document.documentElement.classList.add("js");
document.querySelectorAll(".scripted").forEach((part) => { part.hidden = false; });
offerFilters();
offerComparison();
offerCheck();
globalThis.moshare = { compare: compare, measure: measureVariance, hash: hashBlake };
})();
