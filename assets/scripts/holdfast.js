// Everything works without this script. It adds: the components' comforts (character count, show password, focus on the
// error summary), the hidden screen on Escape Escape, and locking a screen that nobody touches.

import {
  Button, CharacterCount, Checkboxes, ErrorSummary, ExitThisPage, PasswordInput, Radios, SkipLink, createAll,
} from "./components.js";
import "./help.js";
import "./ring.js";

document.body.classList.add("js-enabled", "govuk-frontend-supported");
for (const part of [Button, CharacterCount, Checkboxes, ExitThisPage, PasswordInput, Radios]) createAll(part);
createAll(ErrorSummary);
createAll(SkipLink);

// Where one can leave fast, the way back is short: a page of the open door takes the place of the one before it, and the way
// out takes the place of the page. "Back" then leads to where somebody was before they came. What the browser's own list of
// visited pages keeps is not ours to clear; the page says so.
if (document.querySelector(".govuk-exit-this-page")) {
  const here = location.pathname.split("/").slice(0, 2).join("/");
  document.addEventListener("click", (event) => {
    const way = event.target.closest?.("a[href]");
    if (!way || event.defaultPrevented || event.ctrlKey || event.metaKey || event.shiftKey) return;
    const out = way.matches(".govuk-exit-this-page__button, .govuk-js-exit-this-page-skiplink");
    const within = way.origin === location.origin && way.pathname.startsWith(`${here}/`) && !way.hash;
    if (!out && !within) return;
    event.preventDefault();
    event.stopImmediatePropagation();
    if (out) document.documentElement.hidden = true;
    location.replace(way.href);
  }, true);
}

// The hidden screen. An empty sheet over everything: nothing typed is lost, nothing is left to read, and a screen reader
// says nothing of what is below.
const link = document.querySelector("[data-blank]");
let sheet = null;
let title = "";

function hide() {
  if (sheet) return;
  title = document.title;
  document.title = "Welcome";
  sheet = document.createElement("dialog");
  sheet.className = "hf-sheet";
  sheet.setAttribute("aria-label", "The screen is hidden");
  const back = document.createElement("button");
  back.type = "button";
  back.className = "hf-blank-back";
  back.textContent = "Back";
  back.addEventListener("click", show);
  sheet.append(back);
  // Browsers close a dialog on Escape, or on a phone's gesture for back, whatever a page says. It opens again at once.
  sheet.addEventListener("close", () => sheet?.showModal());
  document.body.append(sheet);
  document.documentElement.classList.add("hf-hidden");
  sheet.showModal();
  back.focus();
}

function show() {
  if (!sheet) return;
  const shown = sheet;
  sheet = null;
  shown.close();
  shown.remove();
  document.title = title;
  document.documentElement.classList.remove("hf-hidden");
}

if (link) {
  link.addEventListener("click", (event) => {
    event.preventDefault();
    hide();
  });
  let last = 0;
  document.addEventListener("keydown", (event) => {
    if (event.key !== "Escape") return;
    // The Escape that opens the sheet, or a frightened third one, would close it in the same moment.
    if (sheet) return event.preventDefault();
    const now = event.timeStamp;
    if (now - last < 800) {
      event.preventDefault();
      hide();
    }
    last = now;
  }, { capture: true });
}

// A screen that nobody touches hides itself; the server locks the session by its own clock. What was typed stays here.
const minutes = Number(document.body.dataset.idleMinutes || 0);
if (minutes > 0) {
  let timer = 0;
  const again = () => {
    clearTimeout(timer);
    timer = setTimeout(hide, minutes * 60_000);
  };
  for (const touch of ["pointerdown", "keydown", "scroll"]) addEventListener(touch, again, { passive: true });
  again();
  // Somebody who writes for a long time is there, though the server hears nothing: it is told, once a minute at most.
  let told = Date.now();
  addEventListener("input", () => {
    if (Date.now() - told < 60_000) return;
    told = Date.now();
    fetch("/account", { method: "HEAD", cache: "no-store" }).catch(() => {});
  }, { passive: true });
}

// A half-written form is kept on the server while its writer goes on (S46); nothing of it is ever kept in the browser. Two
// devices never overwrite each other: the server says so, and the writer sees both texts.
for (const began of document.querySelectorAll("form input[name=draft_at]")) {
  const form = began.form;
  const note = document.createElement("p");
  note.className = "govuk-hint";
  note.setAttribute("role", "status");
  form.append(note);
  let changed = false;
  let resting = false;
  form.addEventListener("input", () => { changed = true; });
  form.addEventListener("submit", () => { resting = true; });
  setInterval(async () => {
    if (!changed || resting) return;
    resting = true;
    changed = false;
    const body = new URLSearchParams(new FormData(form));
    body.set("keep", "quiet");
    try {
      const answer = await fetch(form.action, { method: "POST", body, redirect: "error", cache: "no-store" });
      const { draft_at, say } = await answer.json();
      note.textContent = say;
      if (draft_at) began.value = draft_at;
      // After a conflict the writer decides; trying again would only say the same.
      resting = answer.status === 409;
    } catch {
      changed = true;
      resting = false;
    }
  }, 15_000);
}

// A question that follows from another's answer waits until that answer is chosen. What was typed in it stays.
for (const part of document.querySelectorAll("[data-only-if]")) {
  const form = part.closest("form");
  const wanted = part.dataset.is.split(" ");
  const look = () => {
    const chosen = new FormData(form).getAll(part.dataset.onlyIf);
    part.hidden = !chosen.some((answer) => wanted.includes(answer)) && !part.querySelector(".govuk-form-group--error");
  };
  form.addEventListener("change", look);
  look();
}

// A page out of the browser's memory may show what somebody wrote before they signed out: it is asked for anew.
addEventListener("pageshow", (event) => {
  if (event.persisted) location.reload();
});
