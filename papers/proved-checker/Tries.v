(** * What a set of keys has *)

From Proved Require Import Numbers Question Cells.

Section Tries.
Context {A : Type}.
Implicit Types (t : trie A) (key : list bool).

Lemma find_empty key : find (@Empty A) key = None.
Proof. now destruct key. Qed.

Lemma insert_spec key a : forall t t', insert t key a = Some t' ->
  forall k b, find t' k = Some b <-> find t k = Some b \/ (k = key /\ b = a).
Proof.
  induction key as [|c key IH]; intros t t' h k b; simpl in h.
  - destruct t; try easy. injection h as <-. rewrite find_empty. destruct k as [|c k]; simpl; split; try easy.
    + intros [= ->]. now right.
    + now intros [|[_ ->]].
    + now intros [|[]].
  - destruct t as [|x|zero one]; [| easy |].
    + destruct (insert Empty key a) as [new|] eqn:e; [|easy]. injection h as <-. specialize (IH _ _ e). rewrite find_empty.
      destruct k as [|c' k]; [destruct c; simpl; split; try easy; now intros [|[]]|]. specialize (IH k b). rewrite find_empty in IH.
      destruct c, c'; simpl; rewrite ?find_empty, ?IH; split; try easy.
      * intros [|[-> ->]]; [easy|]. now right.
      * intros [|[[= ->] ->]]; [easy|]. now right.
      * now intros [|[]].
      * now intros [|[]].
      * intros [|[-> ->]]; [easy|]. now right.
      * intros [|[[= ->] ->]]; [easy|]. now right.
    + destruct (insert (way c zero one) key a) as [new|] eqn:e; [|easy]. injection h as <-. specialize (IH _ _ e).
      destruct k as [|c' k]; [destruct c; simpl; split; try easy; now intros [|[]]|]. specialize (IH k b).
      destruct c, c'; simpl in *; rewrite ?IH; split; try tauto.
      * intros [|[-> ->]]; [now left | now right].
      * intros [|[[= ->] ->]]; [now left | now right].
      * now intros [|[]].
      * now intros [|[]].
      * intros [|[-> ->]]; [now left | now right].
      * intros [|[[= ->] ->]]; [now left | now right].
Qed.

(** No key begins another one. *)
Lemma find_begun key r : forall t a b, find t key = Some a -> find t (key ++ r) = Some b -> r = [].
Proof.
  induction key as [|c key IH]; intros [|x|zero one] a b h h'; simpl in *; try easy.
  - destruct r; easy.
  - exact (IH _ a b h h').
Qed.

(** What is inserted differs from what is there in some place that both have. *)
Lemma insert_differs key a : forall t t' k b, insert t key a = Some t' -> find t k = Some b ->
  exists s c r r', key = s ++ c :: r /\ k = s ++ negb c :: r'.
Proof.
  induction key as [|c key IH]; intros [|x|zero one] t' [|c' k] b h hf; simpl in *; try easy.
  destruct (insert (way c zero one) key a) as [new|] eqn:e; [|easy]. destruct (Bool.bool_dec c' c) as [->|hne].
  - destruct (IH _ _ _ _ e hf) as [s [c' [r [r' [-> ->]]]]]. now exists (c :: s), c', r, r'.
  - exists [], c, key, k. split; [reflexivity|]. now destruct c, c'.
Qed.

(** Forks lead to something. *)
Fixpoint leads t : Prop :=
  match t with Fork zero one => leads zero /\ leads one /\ ((zero <> Empty) \/ (one <> Empty)) | _ => True end.

Lemma leads_somewhere t : leads t -> t <> Empty -> exists key a, find t key = Some a.
Proof.
  induction t as [|x|zero IHz one IHo]; intros hl hn; [easy | now exists [], x |]. destruct hl as [h0 [h1 [h|h]]].
  - destruct (IHz h0 h) as [key [a e]]. now exists (false :: key), a.
  - destruct (IHo h1 h) as [key [a e]]. now exists (true :: key), a.
Qed.

Lemma insert_leads key a : forall t t', leads t -> insert t key a = Some t' -> leads t' /\ t' <> Empty.
Proof.
  induction key as [|c key IH]; intros t t' hl h; simpl in h.
  - destruct t; try easy. now injection h as <-.
  - destruct t as [|x|zero one]; [| easy |].
    + destruct (insert Empty key a) as [new|] eqn:e; [|easy]. injection h as <-. destruct (IH Empty _ I e) as [h1 h2]. destruct c; simpl; (split; [tauto | easy]).
    + destruct (insert (way c zero one) key a) as [new|] eqn:e; [|easy]. injection h as <-. destruct hl as [h0 [h1 _]].
      assert (hw : leads (way c zero one)) by now destruct c. destruct (IH _ _ hw e) as [h2 h3]. destruct c; simpl; (split; [tauto | easy]).
Qed.

Lemma comparable_spec key : forall t, leads t -> comparable t key = true ->
  exists found a, find t found = Some a /\ ((exists e, key = found ++ e) \/ (exists e, found = key ++ e)).
Proof.
  induction key as [|c key IH]; intros t hl h.
  - assert (hn : t <> Empty) by (intros ->; easy). destruct (leads_somewhere t hl hn) as [found [a e]]. exists found, a.
    split; [exact e|]. right. now exists found.
  - destruct t as [|x|zero one]; [easy | exists [], x; split; [reflexivity | left; now exists (c :: key)] |]. destruct hl as [h0 [h1 _]].
    destruct (IH (way c zero one)) as [found [a [e hx]]]; [now destruct c | exact h|]. exists (c :: found), a. split; [exact e|].
    destruct hx as [[r ->]|[r ->]]; [left | right]; now exists r.
Qed.

Lemma crossed_spec key b rest : forall t marks a, leads t -> find t (key ++ b :: rest) = Some a ->
  crossed t (key ++ b :: rest) marks = true -> nth (length key) marks false = true ->
  exists found a', find t found = Some a'
    /\ ((exists e, key ++ negb b :: rest = found ++ e) \/ (exists e, found = (key ++ negb b :: rest) ++ e)).
Proof.
  induction key as [|c key IH]; intros t marks a hl hf hc hm; destruct t as [|x|zero one]; try easy; destruct hl as [h0 [h1 _]];
    destruct marks as [|m marks]; try (now destruct hm); simpl in *.
  - subst m. apply andb_true_iff in hc. destruct hc as [hc _]. apply comparable_spec in hc; [|now destruct b].
    destruct hc as [found [a' [e hx]]]. exists (negb b :: found), a'. split; [exact e|].
    destruct hx as [[r ->]|[r ->]]; [left | right]; now exists r.
  - apply andb_true_iff in hc. destruct hc as [_ hc]. destruct (IH (way c zero one) marks a) as [found [a' [e hx]]]; auto; [now destruct c|].
    exists (c :: found), a'. split; [exact e|]. destruct hx as [[r hr]|[r ->]]; [left; exists r; simpl; now rewrite hr | right; now exists r].
Qed.

End Tries.

(** ** The patterns of cells *)

Lemma patterns_spec cells : forall t t', leads t -> patterns_of cells t = Some t' ->
  leads t' /\ forall k, find t' k = Some tt <-> find t k = Some tt \/ exists c, In c cells /\ k = rev (pattern c).
Proof.
  induction cells as [|c cells IH]; intros t t' hl h; simpl in h.
  - injection h as <-. split; [exact hl|]. intros k. split; [now left | now intros [|[c [[] _]]]].
  - destruct (insert t (rev (pattern c)) tt) as [t1|] eqn:e; [|easy]. destruct (insert_leads _ _ _ _ hl e) as [h1 _].
    destruct (IH t1 t' h1 h) as [h2 h3]. split; [exact h2|]. intros k. rewrite h3, (insert_spec _ _ _ _ e k tt). split.
    + intros [[|[-> _]]|[c' [hc ->]]]; [now left | right; exists c; simpl; tauto | right; exists c'; simpl; tauto].
    + intros [|[c' [[<-|hc] ->]]]; [tauto | tauto | right; now exists c'].
Qed.

(** Two patterns differ in a row that both decide. *)
Definition differ (c c' : cell) : Prop := exists r r' b s, pattern c = r ++ b :: s /\ pattern c' = r' ++ negb b :: s.

Lemma reversed (p s r : list bool) c : rev p = s ++ c :: r -> p = rev r ++ c :: rev s.
Proof. intros e. rewrite <- (rev_involutive p), e, rev_app_distr. simpl. now rewrite <- app_assoc. Qed.

Lemma patterns_differ cells : forall t t', leads t -> patterns_of cells t = Some t' -> ForallOrdPairs differ cells.
Proof.
  induction cells as [|c cells IH]; intros t t' hl h; [constructor|]. simpl in h. destruct (insert t (rev (pattern c)) tt) as [t1|] eqn:e; [|easy].
  destruct (insert_leads _ _ _ _ hl e) as [h1 _]. constructor; [|now apply (IH t1 t')]. apply Forall_forall. intros c' hc.
  assert (hf : forall cs t0, leads t0 -> patterns_of cs t0 = Some t' -> find t0 (rev (pattern c)) = Some tt -> In c' cs -> differ c c').
  { clear. induction cs as [|c0 cs IH]; intros t0 hl h hf hin; [easy|]. simpl in h.
    destruct (insert t0 (rev (pattern c0)) tt) as [t2|] eqn:e; [|easy]. destruct hin as [<-|hin].
    - destruct (insert_differs _ _ _ _ _ _ e hf) as [s [b [r [r' [h1 h2]]]]]. apply reversed in h1, h2.
      exists (rev r'), (rev r), (negb b), (rev s). now rewrite negb_involutive.
    - destruct (insert_leads _ _ _ _ hl e) as [h1 _]. apply (IH t2); auto. apply (insert_spec _ _ _ _ e). now left. }
  apply (hf cells t1); auto. apply (insert_spec _ _ _ _ e). now right.
Qed.
