// Runs once for each HTML part of the chat: buttons with data-action become click events with their data,
// a cited quote is scrolled into the middle of its passage, and the conversation follows its newest line unless the person scrolled up to read.
element.addEventListener("click", (event) => {
  const target = event.target.closest("[data-action]");
  if (target) trigger("click", { ...target.dataset });
});
watch("value", () => {
  const quote = element.querySelector(".passage mark");
  if (!quote) return;
  const passage = quote.closest(".passage");
  passage.scrollTop = quote.offsetTop - passage.offsetTop - passage.clientHeight / 2;
});
const column = element.closest("#conversation");
if (column) {
  let follows = true;
  column.addEventListener("scroll", () => {
    follows = column.scrollHeight - column.scrollTop - column.clientHeight < 120;
  });
  watch("value", () => {
    if (follows) column.scrollTop = column.scrollHeight;
  });
}
