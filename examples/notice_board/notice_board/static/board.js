// Shows the chosen picture before it is sent. Everything works without this script, too.
const field = document.querySelector("#picture");
const preview = document.querySelector("#preview");

field?.addEventListener("change", () => {
  URL.revokeObjectURL(preview.src);
  const [file] = field.files;
  preview.hidden = !file?.type.startsWith("image/");
  if (!preview.hidden) preview.src = URL.createObjectURL(file);
});
