// A button that copies a field: <button data-copy="id of the field" data-copied="word">.
"use strict";

for (const button of document.querySelectorAll("button[data-copy]")) {
  button.addEventListener("click", async () => {
    const field = document.getElementById(button.dataset.copy);
    field.select();
    try {
      await navigator.clipboard.writeText(field.value);
    } catch {
      // Without https there is no clipboard, but there is the selection.
      document.execCommand("copy");
    }
    button.textContent = button.dataset.copied;
  });
}
