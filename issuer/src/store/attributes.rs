//! Attributes of a request, looked for in the text of what was decided on it.

use passport_shared::constraint::Operator;
use passport_shared::json::{Controls, Document, Value};
use passport_shared::scalar::{Attribute, Scalar};

/// Whether each of these holds for the attribute of its name, as in a grant: one that is missing fails, and so does one of
/// another type. One that is hidden holds where it is one of the `hidden` at its place.
pub(super) fn hold(body: &str, wanted: &[(String, Operator)], hidden: &[Vec<String>]) -> bool {
    if wanted.is_empty() {
        return true;
    }
    let Ok(document) = Document::read(body.as_bytes(), Controls::InValues) else { return false };
    let Some(attributes) = document.root().get("attributes") else { return false };
    wanted.iter().enumerate().all(|(index, (name, operator))| {
        let Some(value) = attributes.get(name) else { return false };
        let hash = || value.get("hmacSha256").and_then(Value::as_str);
        match read(value) {
            Some(attribute) => operator.holds(&attribute),
            None => hidden.get(index).is_some_and(|hidden| hash().is_some_and(|hash| hidden.iter().any(|known| known == hash))),
        }
    })
}

fn read(value: Value<'_>) -> Option<Attribute> {
    match value.items() {
        Some(mut items) => {
            let texts = items.try_fold(Vec::new(), |mut texts, item| {
                texts.push(item.as_str()?.to_owned());
                Some(texts)
            });
            texts.map(Attribute::List)
        }
        None => Scalar::read(value).map(Attribute::Scalar),
    }
}

#[cfg(test)]
mod tests {
    use passport_shared::scalar::Number;

    use super::*;

    #[test]
    fn an_attribute_is_compared_as_a_constraint_compares_it() {
        let body = r#"{"attributes":{"vendor":"a\u0062","amount":742.0,"code":"742","gift":true,"tags":["x","x"],"none":[]}}"#;
        let text = |text: &str| Scalar::Text(text.into());
        let number = |text: &str| Scalar::Number(Number::parse(text).unwrap());
        let equal = |name: &str, value: Scalar| hold(body, &[(name.to_owned(), Operator::Equals(value))], &[]);
        assert!(equal("vendor", text("ab")) && equal("amount", number("7.42e2")) && equal("gift", Scalar::Bool(true)));
        assert!(equal("tags", text("x")), "a list holds where each of its items does");
        for (name, value) in [
            ("amount", text("742.0")),
            ("code", number("742")),
            ("gift", text("true")),
            ("none", text("")),
            ("missing", text("x")),
            ("tags", number("1")),
        ] {
            assert!(!equal(name, value), "{name}");
        }
        let both = |second| hold(body, &[("code".into(), Operator::Equals(text("742"))), ("gift".into(), Operator::Equals(second))], &[]);
        assert!(both(Scalar::Bool(true)) && !both(Scalar::Bool(false)));
        assert!(
            !hold("{}", &[("x".into(), Operator::Equals(text("x")))], &[]) && !hold("", &[("x".into(), Operator::Equals(text("x")))], &[])
        );
    }
}
