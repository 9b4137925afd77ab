//! Positional parameters.

use alloy::primitives::U64;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use crate::error::RpcError;

/// The parameters of one request; `null` at the end of the list stands for none.
pub(crate) struct Params(Vec<Value>);

impl Params {
    pub(crate) fn new(mut values: Vec<Value>) -> Self {
        while values.last().is_some_and(Value::is_null) {
            values.pop();
        }
        Self(values)
    }

    /// Refuses parameters that the method would not look at.
    pub(crate) fn at_most(&self, method: &'static str, max: usize) -> Result<(), RpcError> {
        let actual = self.0.len();
        if actual > max {
            return Err(RpcError::TooManyParameters { method, max, actual });
        }
        Ok(())
    }

    pub(crate) fn value(&self, index: usize) -> Option<&Value> {
        self.0.get(index).filter(|value| !value.is_null())
    }

    pub(crate) fn required<T: DeserializeOwned>(
        &self,
        index: usize,
        name: &'static str,
    ) -> Result<T, RpcError> {
        self.optional(index, name)?
            .ok_or_else(|| invalid(index, name, "missing"))
    }

    pub(crate) fn optional<T: DeserializeOwned>(
        &self,
        index: usize,
        name: &'static str,
    ) -> Result<Option<T>, RpcError> {
        let value = self.value(index).map(T::deserialize).transpose();
        value.map_err(|error| invalid(index, name, error))
    }

    /// A number, written as a quantity (`"0x10"`) or as a JSON number.
    pub(crate) fn number(&self, index: usize, name: &'static str) -> Result<Option<u64>, RpcError> {
        let value = self.optional::<U64>(index, name)?;
        Ok(value.map(|value| value.to::<u64>()))
    }

    /// An object with no fields but `known`; those that are `null` count as left out.
    pub(crate) fn object(
        &self,
        index: usize,
        name: &'static str,
        known: &[&str],
    ) -> Result<Option<Map<String, Value>>, RpcError> {
        self.value(index)
            .map(|value| checked_object(value, index, name, known))
            .transpose()
    }
}

/// [`Params::object`] for a value from anywhere.
pub(crate) fn checked_object(
    value: &Value,
    index: usize,
    name: &'static str,
    known: &[&str],
) -> Result<Map<String, Value>, RpcError> {
    let object = value
        .as_object()
        .ok_or_else(|| invalid(index, name, "not an object"))?;
    let given = object.iter().filter(|(_, value)| !value.is_null());
    let given: Map<String, Value> = given.map(|(key, value)| (key.clone(), value.clone())).collect();
    match given.keys().find(|key| !known.contains(&key.as_str())) {
        Some(unknown) => Err(invalid(index, name, format!("field {unknown} is not supported"))),
        None => Ok(given),
    }
}

/// A parameter that cannot be taken.
pub(crate) fn invalid(index: usize, name: &'static str, reason: impl ToString) -> RpcError {
    RpcError::InvalidParameter {
        index,
        name,
        reason: reason.to_string(),
    }
}
