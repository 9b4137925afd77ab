//! Which variables the linearised constraints determine.

use plonky2::field::types::Field;

use crate::{
    F,
    equations::{Equation, Equations},
};

/// The variables that are fixed once the given ones are.
pub(crate) struct Determined {
    known: Vec<bool>,
    derived: usize,
}

impl Determined {
    /// Starts from the classes whose targets are set.
    pub(crate) fn solve(equations: &Equations, classes: &[usize]) -> Self {
        let mut solver = Solver::new(equations);
        for class in classes {
            if let Some(variable) = equations.of_class(*class) {
                solver.fix(variable);
            }
        }
        let given = solver.fixed;
        solver.propagate();
        while solver.eliminate() {
            solver.propagate();
        }
        Self {
            derived: solver.fixed - given,
            known: solver.known,
        }
    }

    pub(crate) fn contains(&self, variable: u32) -> bool {
        self.known[variable as usize]
    }

    /// How many were not given.
    pub(crate) fn derived(&self) -> usize {
        self.derived
    }
}

struct Solver<'a> {
    rows: &'a [Vec<Equation>],
    /// Row and place of each equation.
    places: Vec<(u32, u32)>,
    /// Equations by variable.
    uses: Vec<Vec<u32>>,
    /// Open variables of each equation.
    open: Vec<u32>,
    known: Vec<bool>,
    fixed: usize,
    /// Equations whose last open variable may be fixed.
    ready: Vec<u32>,
}

impl<'a> Solver<'a> {
    fn new(equations: &'a Equations) -> Self {
        let mut solver = Self {
            rows: &equations.rows,
            places: Vec::new(),
            uses: vec![Vec::new(); equations.len()],
            open: Vec::new(),
            known: vec![false; equations.len()],
            fixed: 0,
            ready: Vec::new(),
        };
        for (row, equations) in (0..).zip(solver.rows) {
            for (place, terms) in (0..).zip(equations) {
                let index = solver.places.len() as u32;
                solver.places.push((row, place));
                solver.open.push(terms.len() as u32);
                for (variable, _) in terms {
                    solver.uses[*variable as usize].push(index);
                }
                if terms.len() == 1 {
                    solver.ready.push(index);
                }
            }
        }
        solver
    }

    fn fix(&mut self, variable: u32) {
        if std::mem::replace(&mut self.known[variable as usize], true) {
            return;
        }
        self.fixed += 1;
        for equation in &self.uses[variable as usize] {
            let open = &mut self.open[*equation as usize];
            *open -= 1;
            if *open == 1 {
                self.ready.push(*equation);
            }
        }
    }

    /// Equations with one open variable determine it: nearly all of a circuit is found thus.
    fn propagate(&mut self) {
        while let Some(equation) = self.ready.pop() {
            let (row, place) = self.places[equation as usize];
            let terms = &self.rows[row as usize][place as usize];
            let open = terms.iter().find(|(variable, _)| !self.known[*variable as usize]);
            if let Some((variable, _)) = open {
                self.fix(*variable);
            }
        }
    }

    /// Solves each row's equations together, as the coordinates of a quotient need. Says whether that fixed anything.
    fn eliminate(&mut self) -> bool {
        let before = self.fixed;
        for row in self.rows {
            for variable in determined_together(row, &self.known) {
                self.fix(variable);
            }
        }
        self.fixed > before
    }
}

/// Variables that are alone in an equation of the row's reduced echelon form.
fn determined_together(row: &[Equation], known: &[bool]) -> Vec<u32> {
    let is_open = |variable: &u32| !known[*variable as usize];
    let mut open: Vec<u32> = row.iter().flatten().map(|term| term.0).filter(is_open).collect();
    open.sort_unstable();
    open.dedup();
    if open.is_empty() {
        return open;
    }
    let column = |variable| open.binary_search(&variable).ok();
    let dense = |terms: &Equation| {
        let mut line = vec![F::ZERO; open.len()];
        for (variable, coefficient) in terms {
            if let Some(column) = column(*variable) {
                line[column] = *coefficient;
            }
        }
        line
    };
    let mut lines: Vec<Vec<F>> = row.iter().map(dense).collect();
    let pivots = reduce(&mut lines, open.len());
    let alone = |line: &Vec<F>| line.iter().filter(|value| !value.is_zero()).count() == 1;
    let determined = pivots.into_iter().zip(&lines).filter(|(_, line)| alone(line));
    determined.map(|(pivot, _)| open[pivot]).collect()
}

/// Brings the lines to reduced echelon form and returns the pivots' columns, in the order of their lines.
fn reduce(lines: &mut [Vec<F>], columns: usize) -> Vec<usize> {
    let mut pivots = Vec::new();
    for column in 0..columns {
        let rank = pivots.len();
        let Some(found) = (rank..lines.len()).find(|line| !lines[*line][column].is_zero()) else {
            continue;
        };
        lines.swap(rank, found);
        let scale = lines[rank][column].inverse();
        lines[rank].iter_mut().for_each(|value| *value *= scale);
        let pivot = lines[rank].clone();
        for (_, line) in lines.iter_mut().enumerate().filter(|(line, _)| *line != rank) {
            let factor = line[column];
            if !factor.is_zero() {
                line.iter_mut()
                    .zip(&pivot)
                    .for_each(|(value, p)| *value -= factor * *p);
            }
        }
        pivots.push(column);
    }
    pivots
}
