//! Converts a page of the SDK to a [`Page`]: the rules of every listing.

use super::failure::lacks;
use lambda_model::api::Page;
use lambda_model::failure::ApiError;

/// A page of `items`, without those that `convert` cannot read. An empty token ends the listing.
///
/// # Errors
/// [`ApiError::Unreachable`] when the list is absent. AWS always sends it, empty or not; an answer without it
/// (a proxy's empty `200`) must not be taken for an empty list, which would clear the screen.
pub(super) fn page<S, T>(
    list: &str,
    items: Option<Vec<S>>,
    next: Option<String>,
    convert: impl FnMut(S) -> Option<T>,
) -> Result<Page<T>, ApiError> {
    let items = items.ok_or_else(|| lacks(list))?;
    Ok(Page { items: items.into_iter().filter_map(convert).collect(), next: next.filter(|token| !token.is_empty()) })
}

/// Turns "not found" into `None`, for settings that AWS reports as missing when they were never set.
pub(super) fn none_if_not_found<T>(answer: Result<Page<T>, ApiError>) -> Result<Page<T>, ApiError> {
    match answer {
        Err(ApiError::NotFound(_)) => Ok(Page::last(Vec::new())),
        answer => answer,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unreadable_items_are_left_out_and_empty_tokens_end_the_listing() {
        let read = |next: Option<&str>| {
            page("numbers", Some(vec!["1", "x", "3"]), next.map(String::from), |text| text.parse::<u8>().ok())
        };
        assert_eq!(read(None), Ok(Page::last(vec![1, 3])));
        assert_eq!(read(Some("")), Ok(Page::last(vec![1, 3])));
        assert_eq!(read(Some("more")), Ok(Page { items: vec![1, 3], next: Some("more".into()) }));
    }

    #[test]
    fn an_absent_list_is_not_an_empty_one() {
        let absent = page("Functions", None::<Vec<u8>>, None, Some);
        assert_eq!(absent, Err(ApiError::Unreachable("the answer lacks Functions".into())));
        assert_eq!(page("Functions", Some(vec![]), None, Some::<u8>), Ok(Page::last(vec![])));
    }

    #[test]
    fn only_not_found_reads_as_none() {
        let none: Result<Page<u8>, _> = none_if_not_found(Err(ApiError::NotFound("x".into())));
        assert_eq!(none, Ok(Page::last(vec![])));
        let denied: Result<Page<u8>, _> = Err(ApiError::Denied("x".into()));
        assert_eq!(none_if_not_found(denied.clone()), denied);
    }
}
