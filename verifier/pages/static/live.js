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
