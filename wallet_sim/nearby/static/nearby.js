// Shows one frame after the other. Without this script every frame stands on the page, one below the other.
const stage = document.querySelector(".frames");
const frames = [...stage.children];
const controls = document.querySelector(".controls");
const pause = controls.querySelector("[data-act=pause]");
const still = matchMedia("(prefers-reduced-motion: reduce)").matches;
const SLOWEST = 1;
const FASTEST = 10;
let pace = still ? 2 : Number(stage.dataset.pace);
let at = 0;
let timer = 0;

function draw() {
  frames.forEach((frame, place) => frame.toggleAttribute("hidden", place !== at));
}

function run() {
  clearInterval(timer);
  timer = setInterval(() => {
    at = (at + 1) % frames.length;
    draw();
  }, 1000 / pace);
}

function stop() {
  clearInterval(timer);
  timer = 0;
}

function setPace(next) {
  pace = Math.min(FASTEST, Math.max(SLOWEST, next));
  if (timer) run();
}

pause.addEventListener("click", () => {
  if (timer) stop();
  else run();
  pause.setAttribute("aria-pressed", String(!timer));
});
controls.querySelector("[data-act=slower]").addEventListener("click", () => setPace(pace - 1));
controls.querySelector("[data-act=faster]").addEventListener("click", () => setPace(pace + 1));
controls.hidden = frames.length < 2;
stage.classList.add("one-at-a-time");
draw();
if (frames.length > 1) run();
