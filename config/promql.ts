/** What is wrong with a PromQL expression. */
export interface PromqlError {
    /** The rest of a sentence that begins with the expression. Ends with a full stop. */
    message: string;
    /** Where in the expression, in characters from its beginning. */
    offset: number;
}

/**
 * Functions and aggregations that the parser knows and Rule does not: Thanos 0.42 has the PromQL of Prometheus 3.9, and leaves its experimental functions off
 * (Prometheus, promql/parser/functions.go and lex.go).
 */
const NOT_IN_RULE = new Set([
    ...["double_exponential_smoothing", "first_over_time", "info", "limit_ratio", "limitk", "mad_over_time", "sort_by_label"],
    ...["sort_by_label_desc", "ts_of_first_over_time", "ts_of_last_over_time", "ts_of_max_over_time", "ts_of_min_over_time"],
    ...["end", "histogram_quantiles", "range", "start", "start_timestamp", "step"],
]);

/**
 * The first error of an expression: in its syntax, in the types of its parts, or in what a rule may evaluate to. The parser is that of Prometheus's own page. It does
 * not read regular expressions, and knows nothing of which series exist.
 */
export function promqlError(written: string): PromqlError | undefined {
    const { EditorState, Parser, parser } = loadParser();
    const expr = withoutComments(written, parser.parse(written));
    const tree = parser.parse(expr);
    const errors: PromqlError[] = [];
    tree.iterate({
        enter: ({ type, name, from, to }) => {
            const rest = expr.slice(from).trim();
            if (type.isError)
                errors.push({ message: rest === "" ? "is not complete." : `is no PromQL at ${JSON.stringify(rest)}.`, offset: from });
            else if (/^(FunctionIdentifier|AggregateOp)$/.test(name) && NOT_IN_RULE.has(expr.slice(from, to)))
                errors.push({ message: `calls ${expr.slice(from, to)}, which Thanos does not have or leaves off.`, offset: from });
        },
    });
    if (errors.length > 0) return errors[0];
    // The parser looks for the tree in an editor's state, where a deadline of 20 ms may cut it off. It gets the whole one.
    const checker = new Parser(EditorState.create({ doc: expr }));
    Object.assign(checker, { tree });
    const type = checker.checkAST(tree.topNode.firstChild);
    const [wrong] = checker.getDiagnostics();
    if (wrong) return { message: `is wrong: ${wrong.message}.`, offset: wrong.from };
    return type === "vector" || type === "scalar"
        ? undefined
        : { message: `is a ${type}: a rule needs a number for each series at one time.`, offset: 0 };
}

/**
 * Why a text is no selector that Prometheus's `/federate` takes, or one of every series: the rest of a sentence that begins with it. Prometheus itself refuses a selector
 * that could match nothing but the empty value (promql/parser, ParseMetricSelector).
 */
export function selectorError(written: string): string | undefined {
    const { parser } = loadParser();
    const tree = parser.parse(written);
    const matchers: string[] = [];
    let selectors = 0;
    let wrong = false;
    let named = false;
    tree.iterate({
        enter: ({ type, name, from, to, node }) => {
            wrong ||= type.isError || !SELECTOR_NODES.has(name);
            if (name === "VectorSelector") selectors += 1;
            // In `{"a b"}` the quoted text is the metric's name, in `{"a b"="c"}` a label's.
            if (name === "Identifier" || (name === "QuotedLabelName" && node.parent?.name === "LabelMatchers")) named = true;
            if (name === "UnquotedLabelMatcher" || name === "QuotedLabelMatcher") matchers.push(written.slice(from, to));
        },
    });
    if (wrong || selectors !== 1) return "is no selector of series.";
    return named || matchers.some((matcher) => !MATCHES_ALL.test(matcher)) ? undefined : "selects every series.";
}

/** What the parser calls the parts of a selector. */
const SELECTOR_NODES = new Set([
    ...["PromQL", "VectorSelector", "Identifier", "LabelMatchers", "UnquotedLabelMatcher", "QuotedLabelMatcher", "LabelName"],
    ...["QuotedLabelName", "StringLiteral", "MatchOp", "EqlSingle", "Neq", "EqlRegex", "NeqRegex"],
]);

/** A matcher that leaves nothing out, or only what lacks the label. */
const MATCHES_ALL = /=~\s*(["'`])\.[*+]\1$|!=\s*(["'`])\2$|!~\s*(["'`])\3$/;

/** The checker takes a comment for an operand. Blanks instead of comments leave every other character in its place. */
function withoutComments(expr: string, tree: Tree): string {
    let text = expr;
    tree.iterate({
        enter: ({ name, from, to }) => {
            if (name === "LineComment") text = text.slice(0, from) + " ".repeat(to - from) + text.slice(to);
        },
    });
    return text;
}

type Tree = ReturnType<ReturnType<typeof loadParser>["parser"]["parse"]>;

/** The part that is used of the checker, whose own types know another copy of the tree's. */
interface Checker {
    checkAST(node: unknown): string;
    getDiagnostics(): { message: string; from: number }[];
}

/** Loaded when the first expression is checked: a stack without rules starts a tenth of a second earlier. */
const loadParser = () => ({
    ...(require("@codemirror/state") as typeof import("@codemirror/state")),
    ...(require("@prometheus-io/codemirror-promql/dist/cjs/parser/parser") as { Parser: new (state: unknown) => Checker }),
    ...(require("@prometheus-io/lezer-promql") as typeof import("@prometheus-io/lezer-promql")),
});
