//! Where a rule is broken: the way to an element by names and numbers, and its line.

use crate::read::Mark;
use crate::rule::{Rule, Violation};
use crate::xml::Source;

/// An element among those of its name in its parent, from 0.
pub(crate) type Step = (&'static str, usize);

/// Collects what rules say.
pub(crate) struct Judge<'a> {
    source: &'a Source<'a>,
    marks: &'a [Mark],
    violations: Vec<Violation>,
}

impl<'a> Judge<'a> {
    pub(crate) const fn new(source: &'a Source<'a>, marks: &'a [Mark]) -> Self {
        Self { source, marks, violations: Vec::new() }
    }

    /// The element at the end of `path` breaks `rule`; where it is missing, it breaks it in the line of its parent.
    pub(crate) fn breaks(&mut self, rule: Rule, path: &[Step]) {
        let element = path.last().map_or("alert", |(name, _)| name);
        let line = self.source.line_of(self.place(path));
        self.violations.push(Violation { line, element, rule });
    }

    /// The same, if it does.
    pub(crate) fn breaks_if(&mut self, is_broken: bool, rule: Rule, path: &[Step]) {
        if is_broken {
            self.breaks(rule, path);
        }
    }

    pub(crate) fn into_violations(self) -> Vec<Violation> {
        let mut violations = self.violations;
        violations.sort_unstable();
        violations.dedup();
        violations
    }

    fn place(&self, path: &[Step]) -> usize {
        let (root, mut inside) =
            self.marks.split_first().map_or((0, self.marks), |(root, rest)| (root.at, rest));
        let mut at = root;
        for (depth, (name, number)) in path.iter().enumerate() {
            let is_it = |mark: &Mark| mark.depth == depth + 1 && mark.name == *name;
            let mut alike = inside.iter().enumerate().filter(|(_, mark)| is_it(mark));
            let Some((index, mark)) = alike.nth(*number) else { break };
            at = mark.at;
            let after = inside.get(index + 1..).unwrap_or_default();
            let end = after.iter().position(|later| later.depth <= mark.depth).unwrap_or(after.len());
            inside = after.get(..end).unwrap_or_default();
        }
        at
    }
}
