"use strict";
const zoom = document.getElementById("zoom");
const enlarged = zoom.querySelector("img");
for (const button of document.querySelectorAll("button.zoom")) {
  button.addEventListener("click", () => {
    const image = button.querySelector("img");
    enlarged.src = image.src;
    enlarged.alt = image.alt;
    zoom.showModal();
  });
}
zoom.addEventListener("click", (event) => {
  if (event.target !== enlarged) zoom.close();
});
