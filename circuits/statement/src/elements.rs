//! Structs of elements with one field order, for values and for targets alike.

/// A slice of the wrong length was read as a struct of elements.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{actual} elements given, {expected} expected")]
pub struct ElementsError {
    /// Length of the struct.
    pub expected: usize,
    /// Length of the slice.
    pub actual: usize,
}

/// Defines a struct that is generic over its elements `T`, from one list of fields: `T`, arrays of what may be a field, or
/// `(Name<T>)` of another such struct.
///
/// ```
/// ashlar_statement::elements! {
///     /// A point and its tag.
///     #[derive(Debug, PartialEq)]
///     pub struct Tagged<T> {
///         /// Coordinates.
///         pub point: [T; 2],
///         /// Tag.
///         pub tag: T,
///     }
/// }
/// let tagged = Tagged { point: [1, 2], tag: 3 };
/// assert_eq!((Tagged::<u8>::LEN, tagged.to_vec()), (3, vec![1, 2, 3]));
/// assert_eq!(Tagged::from_slice(&[1, 2, 3]), Ok(tagged));
/// assert!(Tagged::from_slice(&[1, 2]).is_err());
/// ```
#[macro_export]
macro_rules! elements {
    (@length T) => { 1 };
    (@length [$inner:tt; $length:expr]) => { ($crate::elements!(@length $inner) * $length) };
    (@length ($name:ident<T>)) => { $name::<T>::LEN };

    (@take $next:ident T) => { $next() };
    (@take $next:ident [$inner:tt; $length:expr]) => {
        ::core::array::from_fn(|_| $crate::elements!(@take $next $inner))
    };
    (@take $next:ident ($name:ident<T>)) => { $name::from_fn(&mut *$next) };

    (@append $out:ident $value:expr, T) => { $out.push(*$value) };
    (@append $out:ident $value:expr, [$inner:tt; $length:expr]) => {
        for value in $value {
            $crate::elements!(@append $out value, $inner);
        }
    };
    (@append $out:ident $value:expr, ($name:ident<T>)) => { $value.append_to($out) };

    ($(#[$attribute:meta])* pub struct $name:ident<T> {
        $($(#[$field_attribute:meta])* pub $field:ident: $type:tt,)*
    }) => {
        $(#[$attribute])*
        #[allow(unused_parens, reason = "a field is one token to this macro")]
        pub struct $name<T> {
            $($(#[$field_attribute])* pub $field: $type,)*
        }

        impl<T: Copy> $name<T> {
            /// Number of elements.
            pub const LEN: usize = 0 $(+ $crate::elements!(@length $type))*;

            /// Fills every field from a source of elements, in field order.
            pub fn from_fn(mut next: impl FnMut() -> T) -> Self {
                let next: &mut dyn FnMut() -> T = &mut next;
                Self { $($field: $crate::elements!(@take next $type),)* }
            }

            /// Appends the elements in field order.
            pub fn append_to(&self, out: &mut Vec<T>) {
                $($crate::elements!(@append out &self.$field, $type);)*
            }

            /// The elements in field order.
            pub fn to_vec(&self) -> Vec<T> {
                let mut out = Vec::with_capacity(Self::LEN);
                self.append_to(&mut out);
                out
            }

            /// Inverse of [`Self::to_vec`].
            ///
            /// # Errors
            /// If there are fewer or more than [`Self::LEN`].
            pub fn from_slice(values: &[T]) -> Result<Self, $crate::ElementsError> {
                if values.len() != Self::LEN {
                    return Err($crate::ElementsError { expected: Self::LEN, actual: values.len() });
                }
                let mut values = values.iter().copied();
                Ok(Self::from_fn(|| values.next().expect("as many as were counted")))
            }
        }
    };
}
