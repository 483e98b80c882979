// Stands for the page of a television where that one has not been built: shows what it was told, so that a test can see it.
addEventListener("message", (event) => {
  if (event.origin !== location.origin || event.data?.hinamori !== "preview") {
    return;
  }
  const { content, exercise } = event.data;
  const plain = (ruby) => (ruby ?? []).map((piece) => piece[0]).join("");
  document.body.className = exercise ? "exercise" : content.message;
  const lines = [exercise ? `訓練　${content.title}` : content.title, plain(content.act), plain(content.place), plain(content.road), ...(content.lines ?? []).map(plain)];
  document.body.replaceChildren(
    ...lines.filter(Boolean).map((line) => {
      const paragraph = document.createElement("p");
      paragraph.textContent = line;
      return paragraph;
    }),
  );
});
