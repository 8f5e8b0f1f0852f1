//! What the pages hold, without a browser.

use enamel_server::console::assets;
use enamel_server::console::frame::{Frame, Place, Theme};
use enamel_server::console::screens::Screen;
use enamel_server::console::screens::findings::AcceptForm;
use enamel_server::console::screens::today::What;
use enamel_server::console::words::Lang;
use enamel_types::{Right, Role};

use super::sample;

/// Most that a page may weigh with everything that it loads, bytes.
const WEIGHT: usize = 100_000;

fn page(screen: &dyn Screen, lang: Lang) -> String {
    screen.render(&sample::words(lang), &sample::frame(Place::Today, Theme::Auto, "/")).unwrap()
}

#[test]
fn every_screen_says_everything_in_each_language_and_holds_no_inline_code() {
    for (path, _, screen) in sample::screens() {
        for lang in Lang::ALL {
            let page = page(screen.as_ref(), lang);
            assert!(!page.contains('⟦'), "{path}: a key without words");
            assert!(page.contains(&format!("<html lang=\"{}\"", lang.tag())), "{path}");
            for inline in
                [" style=", "<style", " onclick=", " onload=", "javascript:", "http://", "https://unpkg"]
            {
                assert!(!page.contains(inline), "{path} holds {inline}");
            }
            for script in page.split("<script").skip(1) {
                let tag = script.split('>').next().unwrap();
                assert!(tag.contains("src=\"/assets/"), "{path}: a script inside the page: {tag}");
                assert!(
                    script.split('>').nth(1).unwrap().starts_with("</script"),
                    "{path}: a script with content"
                );
            }
        }
    }
}

#[test]
fn every_form_that_changes_something_carries_the_token() {
    for (path, _, screen) in sample::screens() {
        let page = page(screen.as_ref(), Lang::En);
        for form in page.split("<form").skip(1) {
            let form = form.split("</form>").next().unwrap();
            if form.contains("method=\"post\"") {
                assert!(form.contains("name=\"csrf\""), "{path}: {}", &form[..80.min(form.len())]);
            }
        }
    }
}

#[test]
fn names_from_computers_do_no_harm() {
    let mut today = sample::today();
    let hostile = "<img src=x onerror=alert(1)>\u{202e}exe.gpj\"'";
    today.needs[0].practice.name = hostile.to_owned();
    today.needs[0].what = What::Silent { computer: hostile.to_owned() };
    let page = page(&today, Lang::En);
    assert!(!page.contains("<img"), "markup of a name is alive");
    assert!(!page.contains('\u{202e}'), "a mark that turns the direction is alive");
    assert!(page.contains("[U+202E]"), "and it is named");
}

#[test]
fn who_may_less_sees_less_of_the_menu() {
    let frame = sample::frame(Place::Today, Theme::Auto, "/");
    let keys = |role: Role| -> Vec<&str> {
        let mut frame = frame.clone();
        let person = frame.person.as_mut().unwrap();
        person.role = role;
        person.rights = Right::ALL.into_iter().filter(|right| role.may(*right)).collect();
        frame.menu().into_iter().flat_map(|group| group.entries).map(|entry| entry.key).collect()
    };
    assert_eq!(keys(Role::Billing), ["menu-today", "menu-practices"]);
    assert!(keys(Role::Auditor).contains(&"menu-audit") && !keys(Role::Auditor).contains(&"menu-tokens"));
    assert_eq!(keys(Role::Owner).len(), 10);
}

#[test]
fn the_accept_form_says_what_is_wrong_beside_its_field() {
    let wrong = AcceptForm { wrong: vec![("until", "accept-wrong-until")], ..sample::form() };
    let page = page(&sample::finding(wrong), Lang::En);
    assert!(page.contains("aria-describedby=\"until-hint until-wrong\" aria-invalid=\"true\""));
    assert!(page.contains("id=\"until-wrong\""));
    assert_eq!(page.matches("aria-invalid").count(), 1);
}

#[test]
fn today_over_a_thousand_practices_weighs_little() {
    let page = page(&sample::today_of(1_000), Lang::Es);
    let loaded: usize = assets::all()
        .iter()
        .filter(|asset| page.contains(&asset.path))
        .map(assets::Asset::transfer_size)
        .sum();
    assert!(page.len() + loaded <= WEIGHT, "{} bytes and {loaded} of files", page.len());
}

#[test]
fn a_page_is_the_same_whenever_it_is_made() {
    let frame = Frame { demo: true, ..sample::frame(Place::Today, Theme::Dark, "/") };
    let render = || sample::practice().render(&sample::words(Lang::En), &frame).unwrap();
    assert_eq!(render(), render());
}
