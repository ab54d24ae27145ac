//! The text index: words, not substrings (wire A5).

/// Scripts without blanks are indexed by character.
fn is_ideograph(character: char) -> bool {
    matches!(u32::from(character), 0x3040..=0x30FF | 0x3400..=0x9FFF | 0xF900..=0xFAFF)
}

/// The words of a text, lower case.
pub(crate) fn words(text: &str) -> Vec<String> {
    let mut all = Vec::new();
    let mut word = String::new();
    for character in text.chars() {
        if is_ideograph(character) || !character.is_alphanumeric() {
            if !word.is_empty() {
                all.push(std::mem::take(&mut word));
            }
            if is_ideograph(character) {
                all.push(character.to_string());
            }
            continue;
        }
        word.extend(character.to_lowercase());
    }
    if !word.is_empty() {
        all.push(word);
    }
    all
}

/// What `~` looks for: every part has to be there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Wanted(Vec<Part>);

#[derive(Debug, Clone, PartialEq, Eq)]
enum Part {
    /// Words that follow each other.
    Phrase(Vec<String>),
    Prefix(String),
}

impl Wanted {
    /// `None` when the text has an operator in the wrong place (wire A5: a parse error).
    pub(crate) fn read(text: &str) -> Option<Self> {
        let mut parts = Vec::new();
        let bare: Vec<&str> = text.split_whitespace().collect();
        let dangling = |word: Option<&&str>| word.is_some_and(|word| matches!(*word, "AND" | "OR" | "NOT"));
        if !text.contains('"') && (dangling(bare.first()) || dangling(bare.last())) {
            return None;
        }
        for (at, piece) in text.split('"').enumerate() {
            if at % 2 == 1 {
                parts.push(Part::Phrase(words(piece)));
                continue;
            }
            for word in piece.split_whitespace().filter(|word| !matches!(*word, "AND" | "OR" | "NOT")) {
                match word.strip_suffix('*') {
                    Some(prefix) => parts.push(Part::Prefix(prefix.to_lowercase())),
                    None => parts.extend(words(word).into_iter().map(|word| Part::Phrase(vec![word]))),
                }
            }
        }
        parts.retain(|part| !matches!(part, Part::Phrase(words) if words.is_empty()));
        Some(Self(parts))
    }

    pub(crate) fn is_in(&self, text: &str) -> bool {
        let words = words(text);
        !self.0.is_empty()
            && self.0.iter().all(|part| match part {
                Part::Phrase(phrase) => words.windows(phrase.len()).any(|window| window == phrase),
                Part::Prefix(prefix) => words.iter().any(|word| word.starts_with(prefix)),
            })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_phrases_and_prefixes() {
        let found = |wanted: &str, text: &str| Wanted::read(wanted).is_some_and(|wanted| wanted.is_in(text));
        assert!(found("printer blank", "Printer on floor 2 prints blank pages"));
        assert!(!found("rint", "Printer"), "no substrings");
        assert!(found("prin*", "Printer"));
        assert!(found("\"floor 2\"", "Printer on floor 2"));
        assert!(!found("\"2 floor\"", "Printer on floor 2"));
        assert!(found("ログイン", "ポータルにログインできない"));
        assert_eq!(Wanted::read("a AND"), None);
    }
}
