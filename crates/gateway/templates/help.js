// The big button of a child's page: it sounds on the tablet itself first, network or none, and then calls (S35).
// Without this script the button calls all the same.
{
  const form = document.querySelector("[data-help]");
  const words = document.querySelector("h1");
  const lasts = 30;
  let heard = null;

  // Two notes in turn, as a door bell has them: heard across a room, and not the shriek of an alarm.
  function sound() {
    heard?.close();
    const context = new AudioContext();
    heard = context;
    const [note, loud] = [context.createOscillator(), context.createGain()];
    note.type = "triangle";
    loud.gain.value = 0.6;
    for (let at = 0; at < lasts; at += 1) {
      note.frequency.setValueAtTime(880, context.currentTime + at);
      note.frequency.setValueAtTime(660, context.currentTime + at + 0.5);
    }
    note.connect(loud).connect(context.destination);
    note.onended = () => document.documentElement.removeAttribute("data-sounds");
    note.start();
    note.stop(context.currentTime + lasts);
    document.documentElement.setAttribute("data-sounds", "");
  }

  form?.addEventListener("submit", (event) => {
    event.preventDefault();
    try {
      sound();
    } catch {
      // A tablet without sound still calls.
    }
    words.setAttribute("aria-live", "assertive");
    const elsewhere = new URL(form.action).origin !== location.origin;
    const call = { method: "POST", body: new URLSearchParams(new FormData(form)), mode: elsewhere ? "no-cors" : "same-origin" };
    fetch(form.action, call).then((answer) => {
      words.textContent = answer.ok || answer.type === "opaque" ? "Help is coming." : "Go to a grown-up.";
    }, () => {
      words.textContent = "Go to a grown-up.";
    });
  });
}
