//! The function and version of a log stream, from the names of the stream and its group
//! (docs/aws.md#log-groups-and-streams).

/// The function that a log stream belongs to, as far as its name says.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Origin<'a> {
    /// The function's name. In a group of several functions only the stream names it.
    pub function: Option<&'a str>,
    /// The version that runs in the environment: a number, or `$LATEST`.
    pub version: Option<&'a str>,
}

/// The prefix of default groups; the function's name follows.
const DEFAULT_GROUP: &str = "/aws/lambda/";

/// Reads `YYYY/MM/DD/[VERSION]hex` in a function's own group and `YYYY/MM/DD/NAME[VERSION]guid` in any other.
///
/// Streams and groups of something else have neither function nor version: those of Kafka event source
/// mappings, named by the mapping's UUID, and those of capacity providers.
pub fn origin<'a>(group: &'a str, stream: &'a str) -> Origin<'a> {
    let own = function_of_group(group);
    match environment(stream) {
        Some((name, version)) => Origin { function: name.or(own), version: Some(version) },
        None if undated(stream).is_some_and(is_uuid) => Origin::default(),
        None => Origin { function: own, version: None },
    }
}

/// The function of a default group. In other Regions, Lambda@Edge puts the Region before the name: `us-east-1.NAME`.
fn function_of_group(group: &str) -> Option<&str> {
    let name = group.strip_prefix(DEFAULT_GROUP)?;
    let name = name.split_once('.').map_or(name, |(_, name)| name);
    // The groups below, `capacity-provider/…`, belong to no function.
    (!name.is_empty() && !name.contains('/')).then_some(name)
}

/// The part after the day in a stream's name.
fn undated(stream: &str) -> Option<&str> {
    let (day, rest) = stream.split_at_checked("YYYY/MM/DD/".len())?;
    let is_day = day.bytes().zip(*b"0000/00/00/").all(|(byte, shape)| match shape {
        b'0' => byte.is_ascii_digit(),
        slash => byte == slash,
    });
    is_day.then_some(rest)
}

/// The version in the stream name of an execution environment, and the function's name if it is there.
fn environment(stream: &str) -> Option<(Option<&str>, &str)> {
    let (name, rest) = undated(stream)?.split_once('[')?;
    let (version, id) = rest.split_once(']')?;
    let is_id = !id.is_empty() && id.bytes().all(|byte| byte.is_ascii_hexdigit() || byte == b'-');
    (is_id && !version.is_empty()).then_some(((!name.is_empty()).then_some(name), version))
}

/// Whether a word is 36 bytes of hexadecimal digits with dashes in their places.
pub(super) fn is_uuid(word: &str) -> bool {
    word.len() == 36
        && word.bytes().enumerate().all(|(place, byte)| match place {
            8 | 13 | 18 | 23 => byte == b'-',
            _ => byte.is_ascii_hexdigit(),
        })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const HEX: &str = "0c1d2e3f4a5b6c7d8e9f0a1b2c3d4e5f";

    #[test]
    fn function_and_version_are_read() {
        // group, stream with H for the hexadecimal digits, function, version
        let cases = [
            ("/aws/lambda/orders", "2026/11/22/[7]H", Some("orders"), Some("7")),
            ("/aws/lambda/orders", "2026/11/22/[$LATEST]H", Some("orders"), Some("$LATEST")),
            ("/shop/all", "2026/11/22/orders[7]H", Some("orders"), Some("7")),
            ("/shop/all", "2026/11/22/my_fn-2[$LATEST]H", Some("my_fn-2"), Some("$LATEST")),
            ("/shop/all", "2026/11/22/orders[12]3f8b1c52-0b9d-4f61-8e27-5c1d90ab3f44", Some("orders"), Some("12")),
            ("/shop/all", "2026/11/22/[7]H", None, Some("7")),
            ("/aws/lambda/orders", "2026/11/22/billing[7]H", Some("billing"), Some("7")),
            ("/aws/lambda/us-east-1.viewer", "2026/11/22/[3]H", Some("viewer"), Some("3")),
            ("/aws/lambda/orders", "2026/11/22/7a3e1c52-0b9d-4f61-8e27-5c1d90ab3f44", None, None),
            ("/shop/all", "2026/11/22/7a3e1c52-0b9d-4f61-8e27-5c1d90ab3f44", None, None),
            ("/aws/lambda/capacity-provider/big", "2026/11/22/i-0abc", None, None),
            ("/aws/lambda/orders", "somebody's own stream", Some("orders"), None),
            ("/aws/lambda/orders", "2026/11/22/[7]", Some("orders"), None),
            ("/aws/lambda/orders", "2026/11/22/[]H", Some("orders"), None),
            ("/aws/lambda/orders", "2026-11-22/[7]H", Some("orders"), None),
            ("/aws/lambda/orders", "2026/11/22/[7H", Some("orders"), None),
            ("/aws/lambda/orders", "2026/11/22/[7]not hexadecimal", Some("orders"), None),
            ("/aws/lambda/orders", "", Some("orders"), None),
            ("/aws/lambda/", "2026/11/22/[7]H", None, Some("7")),
            ("/aws/apigateway/orders", "2026/11/22/[7]H", None, Some("7")),
            ("", "", None, None),
        ];
        for (group, stream, function, version) in cases {
            let stream = stream.replace('H', HEX);
            assert_eq!(origin(group, &stream), Origin { function, version }, "{group} {stream}");
        }
    }

    proptest! {
        #[test]
        fn composed_names_are_read_back(name in "[a-zA-Z0-9_-]{1,64}", version in "[0-9]{1,4}|\\$LATEST") {
            let expected = Origin { function: Some(&name), version: Some(&version) };
            let (group, own) = (format!("/aws/lambda/{name}"), format!("2026/11/22/[{version}]{HEX}"));
            prop_assert_eq!(origin(&group, &own), expected);
            let shared = format!("2026/11/22/{name}[{version}]{HEX}");
            prop_assert_eq!(origin("/any", &shared), expected);
        }

        #[test]
        fn no_name_is_too_odd(group in any::<String>(), stream in any::<String>(), tail in any::<String>()) {
            origin(&group, &stream);
            origin(&group, &format!("2026/11/22/{tail}"));
        }
    }
}
