// A child has called: pages that stay open ask by themselves every few seconds, show the call, and ring until somebody says
// that they are coming (S35). Without this script a page shows the calls of the moment at which it was opened.

const ring = document.querySelector("[data-ring]");
const every = 4_000;

// Browsers let a page sound only after somebody has touched it, and complain about one that tries before. Until then the page says so.
let context = null;
let bell = null;

function wake() {
  context ??= new AudioContext();
  if (context.state === "suspended") context.resume().then(tell, () => {});
  tell();
}

// Three short notes and a rest: a bell at a door, not an alarm.
function sound() {
  if (bell || !context || context.state !== "running") return;
  const [note, loud] = [context.createOscillator(), context.createGain()];
  note.type = "triangle";
  loud.gain.value = 0;
  const lasts = 60;
  for (let at = 0; at < lasts; at += 2) {
    for (const [part, pitch] of [[0, 784], [0.25, 988], [0.5, 784]]) {
      const from = context.currentTime + at + part;
      note.frequency.setValueAtTime(pitch, from);
      loud.gain.setValueAtTime(0.5, from);
      loud.gain.setValueAtTime(0, from + 0.2);
    }
  }
  note.connect(loud).connect(context.destination);
  note.onended = () => { bell = null; tell(); };
  note.start();
  note.stop(context.currentTime + lasts);
  bell = note;
}

function tell() {
  const calls = ring.querySelector("[data-call]") !== null;
  if (calls) sound();
  else bell?.stop();
  document.documentElement.toggleAttribute("data-rings", calls && bell !== null);
  const mute = ring.querySelector("[data-mute]");
  if (mute) mute.hidden = context !== null && context.state === "running";
}

async function ask() {
  try {
    const answer = await fetch(ring.dataset.ring, { cache: "no-store", redirect: "error" });
    if (answer.ok) {
      const fresh = new DOMParser().parseFromString(await answer.text(), "text/html").querySelector("[data-ring]");
      // Somebody who types their number keeps what they typed.
      if (fresh && fresh.dataset.state !== ring.dataset.state) {
        ring.dataset.state = fresh.dataset.state;
        ring.classList.toggle("hf-ring--quiet", fresh.classList.contains("hf-ring--quiet"));
        ring.replaceChildren(...fresh.childNodes);
      }
    }
  } catch {
    // No network: it asks again.
  }
  tell();
}

if (ring) {
  for (const touch of ["pointerdown", "keydown"]) addEventListener(touch, wake, { passive: true });
  if (navigator.userActivation?.hasBeenActive) wake();
  else tell();
  setInterval(ask, every);
}
