def test_x(bert_scorer, gemma_scorer, articles):
    for s in (bert_scorer, gemma_scorer):
        for r in s.score(articles)[:8]:
            print(r.raw_scores, r.weighted_average, r.tier, r.error, r.prefilter_reason)
        print(
            s.MAX_TOKEN_LENGTH,
            [len(x) for x in s.student.tokenizer.encode([f"{a['title']}\n\n{a['content']}" for a in articles])],
        )
