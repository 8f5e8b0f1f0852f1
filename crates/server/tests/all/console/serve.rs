//! The sample's pages over HTTP, with the headers that the console sends: to look at, and for the browser test.

use axum::Router;
use axum::extract::Request;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use enamel_server::console::frame::{Frame, Place, Theme};
use enamel_server::console::words::Lang;
use enamel_server::console::{POLICY, assets};

use super::sample;

/// Answers `/?lang=es&theme=dark` and every other page of the sample.
pub(crate) fn router() -> Router {
    Router::new().fallback(answer)
}

async fn answer(request: Request) -> Response {
    let path = request.uri().path();
    if let Some(asset) = assets::find(path) {
        return ([(header::CONTENT_TYPE, asset.media)], asset.bytes).into_response();
    }
    let query = request.uri().query().unwrap_or_default();
    let lang = if query.contains("lang=es") { Lang::Es } else { Lang::En };
    let theme = if query.contains("theme=dark") { Theme::Dark } else { Theme::Auto };
    let words = sample::words(lang);
    let Some((path, place, screen)) = sample::screens().into_iter().find(|(known, ..)| known == path) else {
        return StatusCode::NOT_FOUND.into_response();
    };
    let frame = sample::frame(place, theme, &path);
    let frame = Frame {
        notice: (place == Place::Alerts).then(|| sample::notice(&words)),
        demo: place == Place::Devices,
        read_only: place == Place::Audit,
        ..frame
    };
    match screen.render(&words, &frame) {
        Ok(page) => {
            let headers = [
                (header::CONTENT_TYPE, "text/html; charset=utf-8"),
                (header::CONTENT_SECURITY_POLICY, POLICY),
            ];
            (headers, page).into_response()
        }
        Err(error) => (StatusCode::INTERNAL_SERVER_ERROR, error.to_string()).into_response(),
    }
}
