// The page works without this script. It shows the copy buttons, and opens everything for printing.
for (const button of document.querySelectorAll("button.copy")) {
  const text = button.closest("figure").querySelector("pre");
  const say = (word) => {
    button.textContent = word;
    setTimeout(() => (button.textContent = "Copy"), 1600);
  };
  const select = () => {
    getSelection().selectAllChildren(text);
    say("Selected");
  };
  button.hidden = false;
  button.setAttribute("aria-live", "polite");
  button.addEventListener("click", () => {
    if (!navigator.clipboard) return select();
    navigator.clipboard.writeText(text.textContent).then(() => say("Copied"), select);
  });
}

let closed = [];
addEventListener("beforeprint", () => {
  closed = [...document.querySelectorAll("details:not([open])")];
  for (const item of closed) item.open = true;
});
addEventListener("afterprint", () => {
  for (const item of closed) item.open = false;
});

function reveal() {
  const target = location.hash && document.getElementById(decodeURIComponent(location.hash.slice(1)));
  for (let card = target && target.closest("details"); card; card = card.parentNode.closest("details")) card.open = true;
}
addEventListener("hashchange", reveal);
reveal();
