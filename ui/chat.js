// Runs once for each HTML part of the chat: buttons with data-action become click events with their data,
// and the conversation follows its newest line unless the person scrolled up to read.
element.addEventListener("click", (event) => {
  const target = event.target.closest("[data-action]");
  if (target) trigger("click", { ...target.dataset });
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
