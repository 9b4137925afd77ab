//! Values of labels, and how the text format writes them.

use std::{borrow::Cow, fmt};

use prometheus_client::encoding::{EncodeLabel, EncodeLabelSet, LabelSetEncoder};

/// A label's value: of a closed set in nearly all cases.
pub type Label = Cow<'static, str>;

/// The values of a metric's labels, with their names.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct Labels<const N: usize> {
    names: &'static [&'static str],
    values: [Label; N],
}

impl<const N: usize> Labels<N> {
    pub(crate) fn new(names: &'static [&'static str], values: [impl Into<Label>; N]) -> Self {
        assert_eq!(names.len(), N, "labels of {names:?}");
        let values = values.map(Into::into);
        Self { names, values }
    }
}

impl<const N: usize> EncodeLabelSet for Labels<N> {
    fn encode(&self, encoder: &mut LabelSetEncoder<'_>) -> Result<(), fmt::Error> {
        for (name, value) in self.names.iter().zip(&self.values) {
            (*name, value.as_ref()).encode(encoder.encode_label())?;
        }
        Ok(())
    }
}
