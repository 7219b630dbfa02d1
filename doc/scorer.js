// The guide answers, the glossary and the reference say it shortly, and reports have the figures.
var Scorer = {
  score: ([docname, , , , score]) => {
    if (docname === "guide/glossary") return score - 8;
    if (docname.startsWith("guide/") || docname.startsWith("start/")) return score + 8;
    if (docname.startsWith("benchmarks/")) return score - 4;
    return score;
  },
  objNameMatch: 11,
  objPartialMatch: 6,
  objPrio: { 0: 15, 1: 5, 2: -5 },
  objPrioDefault: 0,
  title: 15,
  partialTitle: 7,
  term: 5,
  partialTerm: 2,
};
