// The composer, live: what is typed is saved by itself, rows are dragged or moved by Alt and the arrow keys, and what
// other editors change comes in without touching what one is writing. Each act works as a plain form without it.
"use strict";
(() => {
  const root = document.getElementById("composer");
  if (!root) return;
  const base = root.dataset.path;
  const headers = { "HX-Request": "true", ...JSON.parse(document.body.getAttribute("hx-headers") ?? "{}") };
  const PAUSE = 700; // milliseconds without a key before a text is saved
  const PULSE = 3000;
  const byId = (id) => document.getElementById(id);
  const latest = new Map(); // what the server last said of each text
  let isDragging = false;
  document.documentElement.classList.add("scripted");

  // One request after another, so that no older answer comes last.
  let queue = Promise.resolve();
  function post(path, fields, own) {
    queue = queue.then(async () => {
      try {
        const body = new URLSearchParams(typeof fields === "function" ? fields() : fields);
        const answer = await fetch(base + path, { method: "POST", headers, body, keepalive: true });
        const elsewhere = answer.headers.get("HX-Redirect");
        if (elsewhere) return location.assign(elsewhere);
        const html = await answer.text();
        if (!answer.ok) throw new Error(new DOMParser().parseFromString(html, "text/html").body.textContent.trim());
        if (answer.status !== 204) show(html, own);
        complain("");
        return true;
      } catch (error) {
        complain(error instanceof TypeError ? "The desk cannot be reached; what you wrote is kept here and saved as soon as it can be." : error.message);
        return false;
      }
    });
    return queue;
  }

  let complaint = "";
  function complain(sentence) {
    if (sentence === complaint) return;
    complaint = sentence;
    const place = byId("said");
    place.replaceChildren();
    if (!sentence) return;
    const shown = document.createElement("p");
    shown.className = "message error";
    shown.textContent = sentence;
    place.append(shown);
  }

  function tell(sentence) {
    byId("told").textContent = sentence;
  }

  // Nothing moves under a pressed pointer: a click would land beside what it was meant for.
  let isPressed = false;
  let waiting = [];
  addEventListener("pointerdown", () => { isPressed = true; }, true);
  for (const end of ["pointerup", "pointercancel", "dragend"]) {
    addEventListener(end, () => {
      isPressed = false;
      setTimeout(() => { for (const act of waiting.splice(0)) act(); }, 50); // the click comes first
    }, true);
  }
  function whenReleased(act) {
    if (isPressed) waiting.push(act);
    else act();
  }

  // Take over what stands now, and leave alone what is being written.
  function show(html, own) {
    whenReleased(() => takeOver(html, own));
  }

  function takeOver(html, own) {
    const next = new DOMParser().parseFromString(html, "text/html").getElementById("composer");
    if (!next || isDragging) return;
    const focus = document.activeElement;
    const caret = focus?.tagName === "TEXTAREA" ? [focus.selectionStart, focus.selectionEnd] : null;
    const known = new Set([...next.querySelectorAll(".item")].map((row) => row.id));
    for (const row of root.querySelectorAll(".item")) {
      if (known.has(row.id)) continue;
      if ([...row.querySelectorAll("form.text")].some(isDirty)) row.classList.add("gone");
      else row.remove();
    }
    for (const list of next.querySelectorAll("ol.items")) {
      const here = byId(list.id);
      [...list.children].forEach((row, place) => {
        const present = byId(row.id) ?? document.importNode(row, true);
        present.dataset.title = row.dataset.title;
        if (here.children[place] !== present) here.insertBefore(present, here.children[place] ?? null);
      });
    }
    for (const part of next.querySelectorAll("[data-part]")) {
      const present = byId(part.id);
      if (part.matches("form.text")) {
        latest.set(part.id, part);
        if (present) takeText(present, part, own);
      } else if (present && present.outerHTML !== part.outerHTML) {
        present.replaceWith(document.importNode(part, true));
      }
    }
    root.dataset.state = next.dataset.state;
    if (root.dataset.digest !== next.dataset.digest) {
      root.dataset.digest = next.dataset.digest;
      offerReaders();
      refreshLetter();
    }
    const again = focus?.id ? byId(focus.id) : null;
    if (again && again !== document.activeElement) {
      again.focus({ preventScroll: true });
      if (caret) again.setSelectionRange(...caret);
    }
    grow();
  }

  const area = (form) => form.elements.words;
  const isDirty = (form) => area(form).value !== (form.dataset.saved ?? area(form).defaultValue);

  function takeText(form, part, own) {
    const isWriting = document.activeElement === area(form);
    if (own?.form === form) {
      form.dataset.saved = own.words;
      if (area(form).value === own.words) sessionStorage.removeItem(shelf(form));
      // Where my words were set aside, what I write on still belongs beside what I saw.
      if (!("contested" in part.dataset)) form.elements.seen.value = part.elements.seen.value;
      form.toggleAttribute("data-contested", "contested" in part.dataset);
    }
    if (isDirty(form)) return;
    if (!isWriting) {
      if (form.outerHTML !== part.outerHTML || area(form).value !== area(part).defaultValue) form.replaceWith(document.importNode(part, true));
    } else if (own?.form !== form && !("contested" in form.dataset)) {
      const words = area(part).defaultValue;
      if (area(form).value !== words) area(form).value = words;
      form.dataset.saved = words;
      form.elements.seen.value = part.elements.seen.value;
    }
  }

  // Texts: saved after a pause, on Enter in a line, and when one leaves them.
  const timers = new Map();
  function save(form) {
    clearTimeout(timers.get(form.id));
    timers.delete(form.id);
    if (!isDirty(form)) return;
    const own = { form, words: area(form).value };
    byId("saving").hidden = false;
    post(form.dataset.path, () => ({ text: form.elements.text.value, words: own.words, seen: form.elements.seen.value }), own)
      .then(() => { byId("saving").hidden = true; });
  }

  // What is not saved yet survives a reload and a sign-in of this window, with the revision that it was written on.
  const shelf = (form) => `${base} ${form.id}`;
  function shelve(form) {
    sessionStorage.setItem(shelf(form), JSON.stringify({ words: area(form).value, seen: form.elements.seen.value }));
  }
  function unshelve(form) {
    const kept = JSON.parse(sessionStorage.getItem(shelf(form)) ?? "null");
    if (!kept || area(form).readOnly) return;
    area(form).value = kept.words;
    form.elements.seen.value = kept.seen;
    if (!isDirty(form)) sessionStorage.removeItem(shelf(form));
  }

  root.addEventListener("input", (event) => {
    const form = event.target.closest("form.text");
    if (!form) return;
    shelve(form);
    grow([event.target]);
    clearTimeout(timers.get(form.id));
    timers.set(form.id, setTimeout(() => save(form), PAUSE));
  });
  root.addEventListener("focusout", (event) => {
    const form = event.target.closest("form.text");
    if (!form) return;
    save(form);
    setTimeout(() => whenReleased(() => {
      const part = latest.get(form.id);
      if (part && form.isConnected && !isDirty(form) && document.activeElement !== area(form) && area(form).value !== area(part).defaultValue) {
        form.replaceWith(document.importNode(part, true));
        grow();
      }
    }));
  });

  // Textareas as high as their words.
  function grow(areas = root.querySelectorAll("form.text textarea")) {
    if (CSS.supports("field-sizing", "content")) return;
    for (const each of areas) {
      each.style.height = "auto";
      each.style.height = `${each.scrollHeight + 2}px`;
    }
  }

  // Everything else that changes the issue.
  async function act(path, fields, { item, grips } = {}) {
    const told = byId("history").textContent;
    if (!(await post(path, fields))) return post("/pulse", { state: "", text: "" });
    if (grips) byId(`grip-${item.id.slice(5)}`)?.focus();
    if (byId("history").textContent === told) return;
    const done = byId("history").querySelector(".told")?.textContent ?? "";
    const row = item && byId(item.id);
    const list = row?.closest("ol");
    tell(list ? `${done}. It is number ${[...list.children].indexOf(row) + 1} of ${list.children.length} in ${list.dataset.title}.` : `${done}.`);
  }

  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (!("live" in form.dataset)) return;
    event.preventDefault();
    event.stopPropagation();
    if (form.matches(".text")) return save(form);
    form.closest("dialog")?.close();
    act(form.dataset.path, new FormData(form, event.submitter), { item: event.submitter?.closest(".item") });
  }, true);

  root.addEventListener("keydown", (event) => {
    const item = event.target.closest(".item");
    const verb = { ArrowUp: "up", ArrowDown: "down" }[event.key];
    if (event.altKey && verb && item && byId(`grip-${item.id.slice(5)}`)) {
      event.preventDefault();
      const form = event.target.closest("form.text");
      if (form) save(form);
      act("/items", { do: `${verb} ${item.dataset.item}` }, { item, grips: !form });
    } else if (event.key === "Enter" && event.target.matches("form.text textarea") && !event.target.closest("#text-note")) {
      event.preventDefault();
      save(event.target.form);
    }
  });

  // Dragging.
  if (window.Sortable) {
    for (const list of root.querySelectorAll("ol.items")) {
      Sortable.create(list, {
        group: list.dataset.group,
        handle: ".grip",
        draggable: ".item",
        animation: matchMedia("(prefers-reduced-motion: reduce)").matches ? 0 : 150,
        onStart: () => { isDragging = true; waiting = []; root.classList.add("dragging"); },
        onEnd: ({ item, from, to, oldDraggableIndex, newDraggableIndex }) => {
          isDragging = false;
          root.classList.remove("dragging");
          if (from === to && oldDraggableIndex === newDraggableIndex) return;
          const before = item.nextElementSibling?.dataset.item ?? "";
          act("/items", { do: `place ${item.dataset.item} ${to.dataset.slot} ${before}`.trim() }, { item });
        },
      });
    }
  }

  // What else may go in: in a dialog, searched as one types.
  const dialog = byId("adding");
  async function load(address) {
    const answer = await fetch(address, { headers: { "HX-Request": "true" } });
    if (answer.ok) return new DOMParser().parseFromString(await answer.text(), "text/html");
    location.assign(address);
    return null;
  }
  document.addEventListener("click", async (event) => {
    const link = event.target.closest("a[data-adds]");
    if (!link || event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    const found = await load(link.href);
    if (!found) return;
    dialog.firstElementChild.replaceChildren(...found.body.childNodes);
    dialog.showModal();
    byId("adding-search").focus();
  });
  let searching;
  dialog.addEventListener("input", (event) => {
    clearTimeout(searching);
    searching = setTimeout(async () => {
      const form = event.target.form;
      const found = await load(`${form.action}?${new URLSearchParams(new FormData(form))}`);
      const list = found?.getElementById("addable");
      if (list) byId("addable").replaceWith(list);
    }, 250);
  });
  dialog.addEventListener("submit", (event) => { if (event.target.method === "get") event.preventDefault(); });

  // The letter as it stands, fetched behind the one that is shown, so that nothing flickers.
  const letter = byId("letter");
  const views = byId("views");
  const { look, dark, bare, reader } = views.elements;
  const finder = byId("one-reader"); // only for those who may look as a subscriber
  const ANOTHER = "another";
  let shownReader = ""; // stays while the next one is not found yet
  function letterAddress() {
    const query = new URLSearchParams(shownReader);
    query.set("scheme", dark.checked ? "dark" : "light");
    if (look.value === "text") query.set("look", "text");
    if (bare.checked) query.set("images", "none");
    query.set("state", root.dataset.digest);
    return `${base}/preview/letter?${query}`;
  }
  let refreshing;
  function refreshLetter() {
    clearTimeout(refreshing);
    refreshing = setTimeout(() => {
      letter.hidden = false;
      const old = letter.querySelector("iframe:not(.coming)");
      letter.querySelector(".coming")?.remove();
      const coming = (old ?? document.createElement("iframe")).cloneNode(false);
      coming.setAttribute("sandbox", "allow-same-origin");
      coming.title = document.title;
      coming.removeAttribute("loading");
      coming.classList.add("coming");
      coming.src = letterAddress();
      coming.addEventListener("load", () => {
        const top = old?.contentWindow?.scrollY ?? 0;
        coming.contentWindow?.scrollTo(0, top);
        old?.remove();
        coming.classList.remove("coming");
      }, { once: true });
      letter.append(coming);
    }, 200);
  }
  const DESKTOP = 688; // CSS pixels, as wide as the frame is then
  new ResizeObserver(() => letter.style.setProperty("--scale", Math.min(1, letter.clientWidth / DESKTOP))).observe(letter);

  // How it is shown, and whose it is: everybody's, that of a set of topics which the issue has, or a subscriber's.
  function offerReaders() {
    const chosen = reader.value;
    const found = [...reader.options].filter((option) => option.value.startsWith("as="));
    reader.replaceChildren(...byId("topic-sets").content.cloneNode(true).children, ...found);
    if (finder) reader.add(new Option("A subscriber …", ANOTHER));
    reader.value = chosen;
    if (reader.selectedIndex < 0) reader.selectedIndex = 0;
    if (reader.value !== ANOTHER) shownReader = reader.value;
    views.hidden = byId("topic-sets").content.children.length === 0;
  }
  views.addEventListener("change", () => {
    letter.classList.toggle("wide", look.value === "desktop");
    letter.classList.toggle("dark", dark.checked);
    if (finder) finder.hidden = reader.value !== ANOTHER;
    if (reader.value !== ANOTHER) shownReader = reader.value;
    refreshLetter();
  });
  views.addEventListener("submit", (event) => event.preventDefault());
  finder?.addEventListener("submit", async (event) => {
    event.preventDefault();
    const answer = await fetch(finder.action, { method: "POST", headers, body: new URLSearchParams(new FormData(finder)) })
      .catch(() => null);
    const elsewhere = answer?.headers.get("HX-Redirect");
    if (elsewhere) return location.assign(elsewhere);
    const { body } = new DOMParser().parseFromString((await answer?.text()) ?? "", "text/html");
    if (!answer?.ok) return complain(body.textContent.trim() || "The desk cannot be reached; try again.");
    complain("");
    finder.reset();
    const option = body.querySelector("option");
    const known = [...reader.options].find(({ value }) => value === option.value);
    if (!known) reader.add(option, reader.options.length - 1);
    reader.value = option.value;
    reader.focus();
    reader.dispatchEvent(new Event("change", { bubbles: true }));
  });
  offerReaders();

  // Who is here, and what they did meanwhile.
  let isAsking = false;
  function pulse() {
    if (document.hidden || isDragging || isAsking) return;
    for (const form of root.querySelectorAll("form.text")) {
      if (isDirty(form) && !timers.has(form.id)) save(form);
    }
    isAsking = true;
    post("/pulse", () => ({ state: root.dataset.state, text: document.activeElement?.form?.elements?.text?.value ?? "" }))
      .then(() => { isAsking = false; });
  }
  setInterval(pulse, PULSE);
  document.addEventListener("visibilitychange", () => {
    if (!document.hidden) pulse();
    else for (const form of root.querySelectorAll("form.text")) save(form);
  });
  for (const form of root.querySelectorAll("form.text")) unshelve(form);
  grow();
  pulse();
})();
