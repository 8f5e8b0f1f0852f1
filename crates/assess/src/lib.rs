//! From an observation to a judged practice: content, judgement, figures, the report's model.
