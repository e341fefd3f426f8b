// Tries from this browser what the gateway cannot see from where it stands: whether a resolver elsewhere, by its name or by its
// bare address, answers to this very device. What comes is told to the gateway, so that it stands in the record.
{
  const line = document.querySelector("[data-tries]");
  const asks = JSON.parse(line.dataset.tries);
  const patience = 6_000;

  // Only a resolver's own answer counts: a page of ours in its place has no such field, and may not be read from here.
  const answers = async (url) => {
    const answer = await fetch(url, { credentials: "omit", cache: "no-store", signal: AbortSignal.timeout(patience) });
    return Number.isInteger((await answer.json()).Status);
  };

  Promise.allSettled(asks.map(answers)).then((tried) => {
    const open = tried.filter((one) => one.status === "fulfilled" && one.value).length;
    line.textContent = open === 0
      ? `Closed: none of ${asks.length} DNS services elsewhere answered this device`
      : `Open: ${open} of ${asks.length} DNS services elsewhere answered this device. Tell the office.`;
    if (open > 0) fetch("/tried/open", { cache: "no-store" }).then(() => { document.querySelector("h1").textContent = "Not protected as it should be"; }, () => {});
  });
}
