/* Sends a form and shows what comes back while it is being written: events "statement" (one more
   line), "answer" (what takes the place of all) and "problem". Without this script the form is sent
   as any other, and the page comes when all is done. What is said meanwhile, and where that breaks,
   the form holds in the language of its page. */
"use strict";

async function follow(form, place) {
  const sent = await fetch(form.dataset.stream, {
    method: "POST", body: new URLSearchParams(new FormData(form)), headers: { "HX-Request": "true" },
  });
  if (!sent.ok || !sent.body) { place.innerHTML = await sent.text(); return; }
  const reader = sent.body.pipeThrough(new TextDecoderStream()).getReader();
  let waiting = "";
  for (;;) {
    const { done, value } = await reader.read();
    waiting += value || "";
    const events = waiting.split("\n\n");
    waiting = events.pop();
    for (const event of events) { show(event, place); }
    if (done) { return; }
  }
}

function show(event, place) {
  const name = /^event: (\w+)$/m.exec(event);
  const html = event.split("\n").filter((line) => line.startsWith("data: "))
    .map((line) => line.slice(6)).join("\n");
  if (name && name[1] === "statement") { place.insertAdjacentHTML("beforeend", html); }
  else { place.innerHTML = html; }
}

/* The next question goes on from this answer, where the answer says how. */
function goOn(form, place) {
  const answer = place.querySelector("[data-conversation]");
  if (answer) { form.elements.conversation.value = answer.dataset.conversation; }
}

for (const form of document.querySelectorAll("form[data-stream]")) {
  const place = document.getElementById("answer");
  const button = form.querySelector("button.main");
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    const looking = document.createElement("p");
    looking.className = "quiet";
    looking.textContent = form.dataset.looking;
    place.replaceChildren(looking);
    place.setAttribute("aria-busy", "true");
    button.disabled = true;
    follow(form, place)
      .catch(() => { place.textContent = form.dataset.broken; })
      .then(() => { goOn(form, place); })
      .finally(() => { place.setAttribute("aria-busy", "false"); button.disabled = false; });
  });
}
