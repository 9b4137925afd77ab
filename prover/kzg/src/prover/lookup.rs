//! The permuted lookup argument.

use std::collections::HashMap;

use halo2_proofs::halo2curves::bn256::Fr;
use rayon::prelude::*;

/// The columns of a lookup, in Lagrange form.
pub(super) struct Permuted {
    /// Compressed input and table.
    pub(super) input: Vec<Fr>,
    pub(super) table: Vec<Fr>,
    /// The input, equal values together; the table, each run's value at the run's first row.
    pub(super) permuted_input: Vec<Fr>,
    pub(super) permuted_table: Vec<Fr>,
}

/// Permutes input and table: equal inputs become neighbours, and each run starts beside its value in the table. The
/// error is the first row whose input is not in the table.
///
/// The argument does not ask for sorted runs; they come in the order in which their values first appear in the table.
pub(super) fn permute(input: &[Fr], table: &[Fr]) -> Result<(Vec<Fr>, Vec<Fr>), usize> {
    debug_assert_eq!(input.len(), table.len());
    let mut numbers: HashMap<Fr, u32> = HashMap::with_capacity(table.len());
    let mut distinct: Vec<(Fr, u32)> = Vec::new(); // value, rows of the table that hold it
    for value in table {
        let number = *numbers.entry(*value).or_insert_with(|| {
            distinct.push((*value, 0));
            distinct.len() as u32 - 1
        });
        distinct[number as usize].1 += 1;
    }
    let found: Vec<Option<u32>> = input
        .par_iter()
        .map(|value| numbers.get(value).copied())
        .collect();
    let mut counts = vec![0u32; distinct.len()];
    for (row, number) in found.iter().enumerate() {
        counts[number.ok_or(row)? as usize] += 1;
    }
    let mut permuted_input = Vec::with_capacity(input.len());
    let mut permuted_table = Vec::with_capacity(input.len());
    // Table rows that start no run fill the rows that repeat an input.
    let mut spare = distinct.iter().zip(&counts).flat_map(|((value, rows), count)| {
        std::iter::repeat_n(*value, (*rows - u32::from(*count > 0)) as usize)
    });
    for ((value, _), count) in distinct.iter().zip(&counts).filter(|(_, count)| **count > 0) {
        let repeats = *count as usize - 1;
        permuted_input.extend(std::iter::repeat_n(*value, repeats + 1));
        permuted_table.push(*value);
        permuted_table.extend(spare.by_ref().take(repeats));
    }
    Ok((permuted_input, permuted_table))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn sorted(mut values: Vec<Fr>) -> Vec<Fr> {
        values.sort();
        values
    }

    proptest! {
        #[test]
        fn permuted_columns_keep_the_argument_s_rules(
            table in prop::collection::vec(0u64..40, 1..80),
            picks in prop::collection::vec(any::<prop::sample::Index>(), 80),
        ) {
            let table: Vec<Fr> = table.into_iter().map(Fr::from).collect();
            let input: Vec<Fr> = picks[..table.len()].iter().map(|pick| *pick.get(&table)).collect();
            let (a, s) = permute(&input, &table).unwrap();
            prop_assert_eq!(sorted(a.clone()), sorted(input));
            prop_assert_eq!(sorted(s.clone()), sorted(table));
            prop_assert_eq!(a[0], s[0]);
            for i in 1..a.len() {
                prop_assert!(a[i] == s[i] || a[i] == a[i - 1]);
            }
        }
    }

    #[test]
    fn the_first_input_outside_the_table_is_named() {
        let table = [1, 2, 3, 3].map(Fr::from);
        assert_eq!(permute(&[1, 3, 3, 2].map(Fr::from), &table).unwrap().0.len(), 4);
        assert_eq!(permute(&[1, 3, 4, 5].map(Fr::from), &table), Err(2));
    }
}
