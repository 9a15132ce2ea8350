// Keeps the counts of a page up to date. Without it, the page has a link that counts again.

const place = document.querySelector("[data-counts]");
let leaving = false; // a form is on its way: a reload would cut it off

async function count() {
  try {
    const answer = await fetch(place.dataset.counts, { cache: "no-store", redirect: "error" });
    if (!answer.ok) return;
    const told = await answer.json();
    // Another address needs another picture, another state other buttons; what is being typed is left alone.
    const changed = told.address !== place.dataset.address || told.state !== place.dataset.state;
    if (changed && !leaving && !document.activeElement.matches("input")) location.replace(location.pathname);
    for (const field of place.querySelectorAll("[data-count]")) {
      const text = String(told[field.dataset.count]);
      if (field.textContent !== text) field.textContent = text;
    }
  } catch (error) {
    // The laptop sleeps or the server was stopped; the next round tells.
  }
}

if (place) {
  document.addEventListener("submit", () => { leaving = true; });
  window.addEventListener("pageshow", () => { leaving = false; });
  document.documentElement.classList.add("counting");
  setInterval(() => document.visibilityState === "visible" && count(), 3000);
}
