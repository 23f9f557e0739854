"use strict";
// Show the page anew when the session has moved on: by events while they come, else by a look now and then.
(() => {
  const session = document.getElementById("session");
  const anew = () => location.reload();
  const source = new EventSource(session.dataset.events);
  source.addEventListener("stage", (event) => {
    if (event.data !== session.dataset.stage) {
      source.close();
      anew();
    }
  });
  source.addEventListener("error", () => {
    if (source.readyState === EventSource.CLOSED) {
      setTimeout(anew, 5000);
    }
  });
})();
// Tell until when the session is open in the time of this place, and how many seconds are left.
(() => {
  const until = document.getElementById("until");
  if (!until) {
    return;
  }
  const end = new Date(Number(until.dataset.until) * 1000);
  const form = { hour: "2-digit", minute: "2-digit", second: "2-digit", hourCycle: "h23" };
  const time = end.toLocaleTimeString(document.documentElement.lang, form);
  const tell = () => {
    const seconds = Math.max(0, Math.round((end - Date.now()) / 1000));
    until.textContent = until.dataset.text.replace("{time}", time).replace("{seconds}", seconds);
  };
  tell();
  setInterval(tell, 1000);
})();
