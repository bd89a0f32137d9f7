// What the desk's pages do by themselves beside htmx. Everything works without it.
"use strict";

// A form is sent once, however often its button is pressed; the button says that it is being done.
document.addEventListener("submit", (event) => {
  const form = event.target;
  if (event.submitter?.formTarget) return; // a look in a frame, as often as one likes
  if (form.dataset.isSent) {
    event.preventDefault();
    return;
  }
  if (form.method !== "post" || form.hasAttribute("hx-post") || "downloads" in form.dataset) return;
  form.dataset.isSent = "yes";
  (event.submitter ?? form.querySelector("button"))?.setAttribute("aria-busy", "true");
});

// The page may come back from the browser's memory, with its forms as they were left.
window.addEventListener("pageshow", () => {
  for (const form of document.forms) delete form.dataset.isSent;
  for (const button of document.querySelectorAll("[aria-busy]")) button.removeAttribute("aria-busy");
});

// A choice that needs no button of its own: <select data-submits>.
document.addEventListener("change", (event) => {
  if (event.target.matches("[data-submits]")) event.target.form.requestSubmit();
});

// <button data-opens="ID"> opens that dialog; <button data-closes> inside closes it.
document.addEventListener("click", (event) => {
  const opener = event.target.closest("[data-opens]");
  if (opener) document.getElementById(opener.dataset.opens)?.showModal();
  if (event.target.closest("[data-closes]")) event.target.closest("dialog")?.close();
});
