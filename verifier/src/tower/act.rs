//! What a request to a route wants to do: its action, its resource, its attributes.

use http::request::Parts;
use passport_shared::request::Request;
use passport_shared::text::quote;

use super::path::{Captures, PathTemplate, ResourceTemplate};

/// What a request to one route wants to do. There is none without an action and a resource.
///
/// Segments of the path are taken as they stand and never tidied up: a resource with an empty segment, `.`, `..` or an
/// escape (`%`) makes the request `invalid_request`, and so does an escape in an attribute.
///
/// ```
/// use passport_verifier::tower::Act;
///
/// let act = Act::to("purchase").on("commerce").with_query("amount");
/// assert_eq!(act.problem(), None);
/// let act = Act::to("read").on("drive/{file}").at("/v1/drive/{*file}");
/// assert_eq!(act.problem(), None);
/// let act = Act::to("read").on("drive/{file}").at("/v1/drive/{name}");
/// assert!(act.problem().is_some_and(|problem| problem.contains("`file`")));
/// ```
#[derive(Clone, Debug)]
#[must_use = "give it to `Guard::layer`"]
pub struct Act {
    action: String,
    resource: ResourceTemplate,
    path: Option<PathTemplate>,
    path_attributes: Vec<String>,
    query_attributes: Vec<String>,
    problem: Option<String>,
}

/// An action that does not say yet on what.
#[derive(Clone, Debug)]
#[must_use = "say on which resource: `Act::to(…).on(…)`"]
pub struct Action(String);

impl Action {
    /// On `resource`, for example `commerce`, or `drive/{file}`: a segment `{name}` stands for what the path has there
    /// ([`Act::at`]).
    pub fn on(self, resource: &str) -> Act {
        let problem = Request::new(&*self.0).problem().map(ToString::to_string);
        let mut act = Act {
            action: self.0,
            resource: ResourceTemplate::default(),
            path: None,
            path_attributes: Vec::new(),
            query_attributes: Vec::new(),
            problem,
        };
        match ResourceTemplate::parse(resource) {
            Ok(template) => act.resource = template,
            Err(problem) => act.refuse(problem),
        }
        act
    }
}

impl Act {
    /// The action; [`on`](Action::on) which resource comes next.
    pub fn to(action: impl Into<String>) -> Action {
        Action(action.into())
    }

    /// Where the route is, for the names in the resource and [`with_path`](Self::with_path): as axum writes it,
    /// `/drive/{file}` for one segment or `/drive/{*file}` for all that follow.
    ///
    /// It is the path that the layer sees: inside a nested router, without the prefix. A request to any other path is
    /// answered with 500, since the layer then stands before another route than the one that was meant.
    pub fn at(mut self, path: &str) -> Self {
        match PathTemplate::parse(path) {
            Ok(template) => self.path = Some(template),
            Err(problem) => self.refuse(problem),
        }
        self
    }

    /// With what the path has for `{name}` as the attribute `name`, a string.
    pub fn with_path(mut self, name: impl Into<String>) -> Self {
        self.path_attributes.push(name.into());
        self
    }

    /// With the query's parameter `name` as the attribute of that name: a string, decoded as forms are. Where it is
    /// missing there is no such attribute, and a grant that constrains it does not hold; where it stands twice, the
    /// request is `invalid_request`.
    pub fn with_query(mut self, name: impl Into<String>) -> Self {
        self.query_attributes.push(name.into());
        self
    }

    /// What is wrong with it, if anything. Every request is then denied with 500; look at it when the service starts.
    #[must_use]
    pub fn problem(&self) -> Option<String> {
        if self.problem.is_some() {
            return self.problem.clone();
        }
        let known = |name: &str| self.path.as_ref().is_some_and(|path| path.has(name));
        let unknown = self.resource.names().chain(self.path_attributes.iter().map(String::as_str)).find(|name| !known(name))?;
        Some(format!("{} is no segment of the route's path: say where it is with `Act::at`", quote(unknown)))
    }

    fn refuse(&mut self, problem: String) {
        self.problem.get_or_insert(problem);
    }

    /// What the request with this head wants to do. The error is a mistake of the service, not of who asks.
    pub(super) fn request(&self, parts: &Parts) -> Result<Request, String> {
        if let Some(problem) = self.problem() {
            return Err(problem);
        }
        let captures = match &self.path {
            Some(template) => {
                template.captures(parts.uri.path()).ok_or_else(|| format!("the layer stands before a route that is not at `{template}`"))?
            }
            None => Captures::default(),
        };
        let mut request = Request::new(&*self.action).on(self.resource.fill(&captures)?);
        for name in &self.path_attributes {
            let value = captures.get(name).ok_or_else(|| format!("{} is no segment of the route's path", quote(name)))?;
            request = request.with(&**name, value);
            if value.contains('%') {
                // Whoever decodes it, once or twice, would see another value than the one that was decided on.
                request = request.mistaken(format!("the segment {} of the path holds an escape", quote(name)));
            }
        }
        Ok(self.with_query_of(parts, request))
    }

    fn with_query_of(&self, parts: &Parts, mut request: Request) -> Request {
        let query = parts.uri.query().unwrap_or_default();
        for (name, value) in form_urlencoded::parse(query.as_bytes()) {
            if !self.query_attributes.iter().any(|wanted| *wanted == name) {
                continue;
            }
            // What is no UTF-8 was decoded to something else.
            if value.contains(char::REPLACEMENT_CHARACTER) {
                request = request.mistaken(format!("the query's {} is not UTF-8", quote(&name)));
            }
            // A second one of a name is refused there.
            request = request.with(name, &*value);
        }
        request
    }
}
