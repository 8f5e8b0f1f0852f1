//! What a handler takes from a request, with every refusal a [`Problem`]; and pages by cursor.

use axum::extract::{FromRequest, FromRequestParts, Request};
use axum::http::request::Parts;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use enamel_store::Page;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::problem::Problem;

/// Ids from the path. What is no id is the id of nothing: 404.
pub(super) struct Path<T>(pub(super) T);

/// The query.
pub(super) struct Query<T>(pub(super) T);

/// A JSON body.
pub(super) struct Json<T>(pub(super) T);

impl<S: Send + Sync, T: DeserializeOwned + Send> FromRequestParts<S> for Path<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        Ok(Self(axum::extract::Path::from_request_parts(parts, state).await?.0))
    }
}

impl<S: Send + Sync, T: DeserializeOwned + Send> FromRequestParts<S> for Query<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        Ok(Self(axum::extract::Query::from_request_parts(parts, state).await?.0))
    }
}

impl<S: Send + Sync, T: DeserializeOwned> FromRequest<S> for Json<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &S) -> Result<Self, Problem> {
        Ok(Self(axum::Json::from_request(request, state).await?.0))
    }
}

/// Most items of a page where the caller does not say.
const USUAL_PAGE: u32 = 100;

/// Which page of a list.
#[derive(Debug, Clone, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct Paging {
    /// `next` of the page before; nothing for the first.
    after: Option<String>,
    /// Most items, 1 to 500; 100 if not given.
    #[param(minimum = 1, maximum = 500)]
    limit: Option<u32>,
}

impl Paging {
    /// Where the page begins.
    pub(super) fn after<C: DeserializeOwned>(&self) -> Result<Option<C>, Problem> {
        let Some(text) = &self.after else { return Ok(None) };
        let cursor = URL_SAFE_NO_PAD.decode(text).ok().and_then(|json| serde_json::from_slice(&json).ok());
        cursor.map(Some).ok_or_else(|| Problem::malformed("`after` is not the `next` of a page of this list"))
    }

    /// Most items.
    pub(super) fn limit(&self) -> Result<u32, Problem> {
        match self.limit {
            None => Ok(USUAL_PAGE),
            Some(limit @ 1..=enamel_store::MAX_PAGE) => Ok(limit),
            Some(_) => Err(Problem::malformed("`limit` is 1 to 500")),
        }
    }
}

/// A page of a list.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(super) struct Listed<T> {
    /// The items.
    items: Vec<T>,
    /// To be sent as `after` for the next page; not there on the last.
    #[serde(skip_serializing_if = "Option::is_none")]
    next: Option<String>,
}

impl<T> Listed<T> {
    /// A page of the store's, as it is shown.
    pub(super) fn of<S: Into<T>, C: Serialize>(page: Page<S, C>) -> Result<Self, Problem> {
        let next = match page.next {
            Some(cursor) => {
                let json = serde_json::to_vec(&cursor).map_err(|error| Problem::internal(&error))?;
                Some(URL_SAFE_NO_PAD.encode(json))
            }
            None => None,
        };
        Ok(Self { items: page.items.into_iter().map(Into::into).collect(), next })
    }

    /// A list that is short enough for one page.
    pub(super) fn whole<S: Into<T>>(items: Vec<S>) -> Self {
        Self { items: items.into_iter().map(Into::into).collect(), next: None }
    }
}

/// A name that a person gives to something.
pub(super) fn name(text: &str) -> Result<String, Problem> {
    let name = text.split_whitespace().collect::<Vec<_>>().join(" ");
    let fits = (1..=120).contains(&name.chars().count());
    if fits && !name.chars().any(enamel_types::text::is_unshowable) {
        Ok(name)
    } else {
        Err(Problem::malformed("a name has 1 to 120 characters that can be seen"))
    }
}

/// A reason that others will read.
pub(super) fn sentence(text: &str) -> Result<String, Problem> {
    let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
    let fits =
        (1..=300).contains(&text.chars().count()) && !text.chars().any(enamel_types::text::is_unshowable);
    if fits { Ok(text) } else { Err(Problem::malformed("a reason has 1 to 300 characters that can be seen")) }
}
