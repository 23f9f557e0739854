"use strict";
// Ask the browser for a wallet, and hand on what it answers. Spec: OpenID4VP 1.0 Appendix A.
(() => {
  const session = document.getElementById("session");
  const button = document.getElementById("wallet");
  const waiting = document.getElementById("wallet-waiting");
  const failed = document.getElementById("wallet-failed");
  if (!("DigitalCredential" in window)) {
    return;
  }
  const show = (isWaiting, hasFailed) => {
    button.disabled = isWaiting;
    waiting.hidden = !isWaiting;
    failed.hidden = !hasFailed;
  };
  document.getElementById("no-wallet").hidden = true;
  button.hidden = false;
  button.addEventListener("click", async () => {
    show(true, false);
    try {
      const asked = await (await fetch(session.dataset.requests)).json();
      const given = await navigator.credentials.get({ mediation: "required", digital: asked });
      const data = typeof given.data === "string" ? JSON.parse(given.data) : given.data;
      await fetch(session.dataset.answers, {
        method: "POST",
        headers: { "Content-Type": "application/json" },
        body: JSON.stringify({ protocol: given.protocol, data }),
      });
      location.reload();
    } catch (error) {
      show(false, true);
    }
  });
})();
