//! Paths of routes and resources, with names for some of their segments.

use std::fmt;

use passport_shared::resource::check_resource;
use passport_shared::text::quote;

/// A route's path: `/drive/{file}`, `/drive/{*file}`.
#[derive(Clone, Debug)]
pub(super) struct PathTemplate {
    text: String,
    segments: Vec<Segment>,
    /// The name of all that follows.
    rest: Option<String>,
}

/// A resource: `drive/{file}`.
#[derive(Clone, Debug, Default)]
pub(super) struct ResourceTemplate(Vec<Segment>);

#[derive(Clone, Debug)]
enum Segment {
    Exact(String),
    Named(String),
}

/// What a path has for the names of a template, as it stands there.
#[derive(Debug, Default)]
pub(super) struct Captures<'a>(Vec<(&'a str, &'a str)>);

impl PathTemplate {
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        let mistake = |why: &str| format!("the path {} {why}", quote(text));
        let inner = text.strip_prefix('/').ok_or_else(|| mistake("does not begin with `/`"))?;
        let (front, rest) = match inner.rsplit_once('/').unwrap_or(("", inner)) {
            (front, last) if last.starts_with("{*") => {
                let name = last.strip_prefix("{*").and_then(|last| last.strip_suffix('}')).filter(|name| is_name(name));
                let name = name.ok_or_else(|| mistake("has a last segment that is not `{*name}`"))?;
                (Some(front).filter(|_| inner.contains('/')), Some(name.to_owned()))
            }
            _ => (Some(inner), None),
        };
        let segments = front.map_or_else(|| Ok(Vec::new()), |front| front.split('/').map(Segment::parse).collect::<Result<Vec<_>, _>>());
        let template = Self { text: text.to_owned(), segments: segments.map_err(|why| mistake(&why))?, rest };
        let names: Vec<&str> = template.names().collect();
        match names.iter().enumerate().find(|(at, name)| names.iter().take(*at).any(|earlier| earlier == *name)) {
            Some((_, name)) => Err(mistake(&format!("has the name {} twice", quote(name)))),
            None => Ok(template),
        }
    }

    fn names(&self) -> impl Iterator<Item = &str> {
        self.segments.iter().filter_map(Segment::name).chain(self.rest.as_deref())
    }

    pub(super) fn has(&self, name: &str) -> bool {
        self.names().any(|other| other == name)
    }

    /// What `path` has for the names; `None` where it is another path. Segments may be empty here: whether they make a
    /// resource is for the request to say.
    pub(super) fn captures<'a>(&'a self, path: &'a str) -> Option<Captures<'a>> {
        let mut given = path.strip_prefix('/');
        let mut captures = Vec::new();
        for segment in &self.segments {
            let (first, others) = match given?.split_once('/') {
                Some((first, others)) => (first, Some(others)),
                None => (given?, None),
            };
            match segment {
                Segment::Exact(text) if text == first => {}
                Segment::Exact(_) => return None,
                Segment::Named(name) => captures.push((name.as_str(), first)),
            }
            given = others;
        }
        match (&self.rest, given) {
            (Some(name), Some(rest)) => captures.push((name, rest)),
            (None, None) => {}
            (Some(_), None) | (None, Some(_)) => return None,
        }
        Some(Captures(captures))
    }
}

impl ResourceTemplate {
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        let mistake = |why: &str| format!("the resource {} is none: {why}", quote(text));
        let segments = text.split('/').map(Segment::parse).collect::<Result<Vec<_>, _>>().map_err(|why| mistake(&why))?;
        let fixed = segments.iter().filter_map(|segment| match segment {
            Segment::Exact(text) => Some(text),
            Segment::Named(_) => None,
        });
        fixed.into_iter().try_for_each(|text| check_resource(text)).map_err(mistake)?;
        Ok(Self(segments))
    }

    pub(super) fn names(&self) -> impl Iterator<Item = &str> {
        self.0.iter().filter_map(Segment::name)
    }

    /// The resource, not checked yet. The error is a name that there is nothing for.
    pub(super) fn fill(&self, captures: &Captures<'_>) -> Result<String, String> {
        let segments = self.0.iter().map(|segment| match segment {
            Segment::Exact(text) => Ok(text.as_str()),
            Segment::Named(name) => captures.get(name).ok_or_else(|| format!("{} is no segment of the route's path", quote(name))),
        });
        Ok(segments.collect::<Result<Vec<_>, _>>()?.join("/"))
    }
}

impl Captures<'_> {
    pub(super) fn get(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(other, _)| *other == name).map(|(_, value)| *value)
    }
}

impl Segment {
    fn parse(text: &str) -> Result<Self, String> {
        if !text.contains(['{', '}']) {
            return Ok(Self::Exact(text.to_owned()));
        }
        let name = text.strip_prefix('{').and_then(|text| text.strip_suffix('}')).filter(|name| is_name(name));
        name.map(|name| Self::Named(name.to_owned()))
            .ok_or_else(|| format!("has the segment {}; a name stands alone, `{{name}}`", quote(text)))
    }

    fn name(&self) -> Option<&str> {
        match self {
            Self::Named(name) => Some(name),
            Self::Exact(_) => None,
        }
    }
}

/// Letters, digits and underscores.
fn is_name(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
}

impl fmt::Display for PathTemplate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn captured(template: &str, path: &str) -> Option<Vec<(String, String)>> {
        let template = PathTemplate::parse(template).expect(template);
        let captures = template.captures(path)?;
        Some(captures.0.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect())
    }

    #[test]
    fn a_path_is_taken_as_it_stands_or_is_another() {
        for (template, path, expected) in [
            ("/", "/", Some(vec![])),
            ("/a/b", "/a/b", Some(vec![])),
            ("/drive/{file}", "/drive/q3", Some(vec![("file", "q3")])),
            ("/drive/{file}", "/drive/", Some(vec![("file", "")])),
            ("/drive/{file}", "/drive/%2e%2e", Some(vec![("file", "%2e%2e")])),
            ("/drive/{*file}", "/drive/q3/../x", Some(vec![("file", "q3/../x")])),
            ("/drive/{*file}", "/drive//x", Some(vec![("file", "/x")])),
            ("/{a}/x/{*b}", "/1/x/2", Some(vec![("a", "1"), ("b", "2")])),
            ("/{*all}", "/", Some(vec![("all", "")])),
            ("/{*all}", "/a/b", Some(vec![("all", "a/b")])),
            ("/drive/{file}", "/drive/q3/x", None),
            ("/drive/{file}", "/drive/q3/", None),
            ("/drive/{file}", "/drive", None),
            ("/drive/{*file}", "/drive", None),
            ("/drive/{file}", "/Drive/q3", None),
            ("/drive/{file}", "/driv%65/q3", None),
            ("/drive/{file}", "*", None),
            ("/drive/{file}", "", None),
            ("/a", "/a/", None),
        ] {
            let expected = expected.map(|pairs| pairs.into_iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect());
            assert_eq!(captured(template, path), expected, "{template} and {path}");
        }
    }

    #[test]
    fn a_template_that_could_mean_two_things_is_refused() {
        for template in ["drive", "", "/{}", "/{a", "/a}", "/x{a}", "/{a}x", "/{*}", "/{*a}/b", "/{a}/{a}", "/{a}/{*a}", "/{a b}", "/{*a*}"]
        {
            assert!(PathTemplate::parse(template).is_err(), "{template}");
        }
        for template in ["", "/", "a/", "/a", "a//b", "..", "a/./b", "a*", "**", "a%2fb", "a\\b", "{*a}", "x{a}", "{}", "{a}/*"] {
            assert!(ResourceTemplate::parse(template).is_err(), "{template}");
        }
        for template in ["a", "a/b", "{a}", "drive/{file}", "drive/{a}/{a}"] {
            assert!(ResourceTemplate::parse(template).is_ok(), "{template}");
        }
    }
}
