// Follows KaTeX's own script. Of formulas [[TeX, on a line of its own], …] it writes as JSON [[HTML], …], or
// in the place of one that does not parse ["", what is wrong, at which character].
const katex = module.exports;

const trust = ({command}) => { throw new katex.ParseError(`${command} is not allowed`); };
const rendered = ([tex, displayMode]) => {
  try {
    return [katex.renderToString(tex, {displayMode, trust, strict: false, maxSize: 50}), "", 0];
  } catch (error) {
    if (!(error instanceof katex.ParseError)) throw error;
    return ["", error.rawMessage, Math.max(0, error.position ?? 0)];
  }
};
const render = formulas => process.stdout.write(JSON.stringify(formulas.map(rendered)));
