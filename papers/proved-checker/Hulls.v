(** * The second theorem: certificates of vertices *)

From Coq Require Import Ring.
From Proved Require Import Numbers Question Fields Polytopes Segments Cover Cells Tries Rows Vertices Meaning.

Section Hulls.
Context {F : field}.
Add Ring ring_of_numbers : (is_ring F).

Declare Scope K_scope.
Delimit Scope K_scope with K.
Notation "a + b" := (add F a b) : K_scope.
Notation "a * b" := (mul F a b) : K_scope.
Notation "a - b" := (sub F a b) : K_scope.
Notation "- a" := (opp F a) : K_scope.
Notation "0" := (zero F) : K_scope.
Notation "1" := (one F) : K_scope.
Notation "/ a" := (inverse F a) : K_scope.
Notation "a <= b" := (le F a b) : K_scope.
Open Scope K_scope.
Notation vector := (list (K F)).
Notation point := vector.
Notation row := (vector -> K F).
Notation sum_of := (weighted_sum (zero F) (add F) (mul F) integer).
Notation run_of := (run (zero F) (add F) (mul F) integer (relus_gate (F := F))).

Variable q : question.
Notation n := (S (inputs q)).

Section Target.
Variable target : list condition.
Notation form := (Rows.form (F := F) (network q) target).
Notation value := (Rows.value (F := F) (network q) target).
Notation rows_of := (Cover.rows_of (domain_functions (F := F) q) form).
Notation agrees := (Cover.agrees value).
Notation right_cell := (Vertices.right_cell (F := F) q target).
Notation corners_at c := (map (coordinates (F := F)) (corners_of c)).

(** ** The cells cover the domain *)

Lemma all_cells_right vertices l cells :
  (forall k e, find vertices k = Some e -> valid q target e) -> all_cells (inputs q) vertices l = Some cells -> Forall right_cell cells.
Proof.
  intros hv. revert cells. induction l as [|[skipped keys] l IH]; intros cells h; simpl in h; [injection h as <-; constructor|].
  destruct (found_all vertices keys) as [vs|] eqn:e1; [|easy]. destruct (cell_of (inputs q) skipped vs) as [c|] eqn:e2; [|easy].
  destruct (all_cells (inputs q) vertices l) as [others|]; [|easy]. injection h as <-. constructor; [|now apply IH].
  apply (cell_right q target skipped vs c); [|exact e2]. exact (found_all_valid _ _ _ _ hv e1).
Qed.

Lemma cover_right cert cells : cover q target cert = Some cells ->
  sound q = true /\ Forall (fun c => relates c <> Equal) (domain q)
  /\ Forall right_cell cells /\ ForallOrdPairs differ cells
  /\ forall y, length y = n -> in_cone (domain_functions q) y -> exists c, In c cells /\ in_cone (rows_of (pattern c)) y.
Proof.
  unfold cover. intros h. destruct (sound q) eqn:hs; [|easy]. cbn [andb] in h. destruct (forallb _ (domain q)) eqn:hd; [|easy].
  destruct (all_vertices q target (points cert) Empty) as [vertices|] eqn:hv; [|easy].
  destruct (all_cells (inputs q) vertices (listed cert)) as [all|] eqn:hc; [|easy].
  destruct (patterns_of all Empty) as [t|] eqn:ht; [|easy]. destruct (forallb _ all) eqn:hx; [|easy].
  destruct all as [|c0 all']; [easy|]. set (all := c0 :: all') in *. injection h as <-.
  assert (hr : Forall right_cell all).
  { apply (all_cells_right vertices (listed cert)); [|exact hc]. apply (all_vertices_valid q target _ _ _ hv). intros k e. now rewrite find_empty. }
  assert (hp := patterns_spec all Empty t I ht). destruct hp as [hl hp]. assert (hdf := patterns_differ all Empty t I ht).
  split; [reflexivity|]. split.
  { rewrite forallb_forall in hd. apply Forall_forall. intros c hin e. specialize (hd c hin). now rewrite e in hd. }
  split; [exact hr|]. split; [exact hdf|]. intros y hy hin.
  set (cells := map (fun c => (pattern c, corners_at c)) all).
  assert (hlisted : forall p, (exists V, In (p, V) cells) <-> exists c, In c all /\ pattern c = p).
  { intros p. unfold cells. split; [intros [V hV] | intros [c [hc1 <-]]].
    - apply in_map_iff in hV. destruct hV as [c [e hin']]. injection e as <- _. now exists c.
    - exists (corners_at c). apply in_map_iff. now exists c. }
  assert (hfind : forall p, find t (rev p) = Some tt <-> exists V, In (p, V) cells).
  { intros p. rewrite hlisted, hp, find_empty. split.
    - intros [|[c [h1 h2]]]; [easy|]. exists c. split; [exact h1|]. now rewrite <- (rev_involutive (pattern c)), <- h2, rev_involutive.
    - intros [c [h1 <-]]. right. now exists c. }
  rewrite Forall_forall in hr. rewrite forallb_forall in hx.
  destruct (covered n (domain_functions q) form value (domain_functions_linear q) ltac:(easy) (form_linear q target)
    (fun s y _ => form_is_value (network q) target s y) cells) with (y := y) as [p [[V hV] hcone]].
  - intros p V hV. apply in_map_iff in hV. destruct hV as [c [e hin']]. injection e as <- <-. now apply hr.
  - intros p e h1 h2. apply hfind in h1, h2. rewrite rev_app_distr in h2. assert (e0 := find_begun _ _ _ _ _ h1 h2).
    now rewrite <- (rev_involutive e), e0.
  - intros r b s V hV hz. apply in_map_iff in hV. destruct hV as [c [e hin']]. injection e as e1 <-.
    destruct (hr c hin') as [_ [_ [_ [_ [hlen htouch]]]]]. specialize (htouch r b s e1 hz). specialize (hx c hin').
    assert (hfc : find t (rev (pattern c)) = Some tt) by (apply hfind; exists (corners_at c); apply in_map_iff; now exists c).
    rewrite e1 in hx, hfc, hlen. rewrite rev_app_distr in hx, hfc. simpl in hx, hfc. rewrite <- app_assoc in hx, hfc. simpl in hx, hfc.
    destruct (crossed_spec (rev s) b (rev r) t (rev (touched c)) tt hl hfc hx) as [found [[] [hf hcomp]]].
    { rewrite rev_length, rev_nth; rewrite hlen, app_length; simpl; [|lia].
      replace (length r + S (length s) - S (length s))%nat with (length r) by lia. exact htouch. }
    exists (rev found). split; [apply hfind; now rewrite rev_involutive|].
    assert (back : forall e0 : list bool, rev (e0 ++ rev r) = r ++ rev e0) by (intros; now rewrite rev_app_distr, rev_involutive).
    assert (hrev : rev (rev s ++ negb b :: rev r) = r ++ negb b :: s).
    { rewrite rev_app_distr. simpl. now rewrite !rev_involutive, <- app_assoc. }
    destruct hcomp as [[e0 he]|[e0 he]]; [left | right]; exists (rev e0).
    + now rewrite <- hrev, he, rev_app_distr.
    + now rewrite he, rev_app_distr, hrev.
  - easy.
  - exact hy.
  - exact hin.
  - apply in_map_iff in hV. destruct hV as [c [e hin']]. injection e as <- _. now exists c.
Qed.

(** ** Points of the domain *)

Hypothesis is_sound : sound q = true.
Hypothesis no_equation : Forall (fun c => relates c <> Equal) (domain q).

Lemma domain_row_at c x : In c (domain q) -> sum_of (domain_row c) (1 :: x) = - (integer (Zpos (over c)) * excess [] c x).
Proof.
  intros hc. assert (hs := is_sound). unfold sound in hs. rewrite !andb_true_iff in hs. destruct hs as [[_ hs] _].
  rewrite forallb_forall in hs. specialize (hs c hc). unfold domain_row, excess. cbn [weighted_sum].
  assert (neg : forall w (v : vector), sum_of (map Z.opp w) v = - dot w v).
  { intros w. induction w as [|w0 w IH]; intros [|v0 v]; simpl; try ring. rewrite IH, integer_opp. ring. }
  rewrite neg. transitivity (part (over c) * integer (Zpos (over c)) * (integer (bound c) - linear [] (Question.form c) x)); [|ring].
  rewrite part_integer. destruct (Question.form c) as [|own [|? ?]]; simpl in hs |- *; [ring | ring |]. now rewrite andb_false_r in hs.
Qed.

Lemma domain_cone x : in_domain q x -> in_cone (domain_functions q) (1 :: x).
Proof.
  intros [_ hd]. unfold in_cone, domain_functions, domain_rows. cbn [map]. constructor.
  - simpl. rewrite integer_1. replace (1 * 1 + 0) with (1 : K F) by ring. apply pos_nonneg, pos_1.
  - rewrite map_map. apply Forall_forall. intros g hg. apply in_map_iff in hg. destruct hg as [c [<- hc]]. rewrite domain_row_at by exact hc.
    rewrite Forall_forall in hd, no_equation. specialize (hd c hc). specialize (no_equation c hc). unfold holds in hd.
    assert (hle : excess [] c x <= 0) by (destruct (relates c); simpl in hd; tauto).
    replace (- (integer (Zpos (over c)) * excess [] c x)) with (integer (Zpos (over c)) * - excess [] c x) by ring.
    apply nonneg_mul; [apply pos_nonneg, integer_pos|]. apply le_opp in hle. now replace (- 0) with (0 : K F) in hle by ring.
Qed.

Lemma negative_le a : pos (- a) -> a <= 0 /\ a <> 0.
Proof.
  intros [h hn]. split; [|intros ->; apply hn; ring]. apply le_opp in h. replace (- - a) with a in h by ring. now replace (- 0) with (0 : K F) in h by ring.
Qed.

Lemma inside_domain x : length x = inputs q -> strictly (domain_functions q) (1 :: x) -> in_domain q x.
Proof.
  intros hx hs. split; [exact hx|]. apply Forall_forall. intros c hc. unfold strictly in hs. rewrite Forall_forall in hs, no_equation.
  assert (hp : pos (- excess [] c x)).
  { apply pos_divide with (integer (Zpos (over c))); [|apply integer_pos].
    replace (integer (Zpos (over c)) * - excess [] c x) with (- (integer (Zpos (over c)) * excess [] c x)) by ring. rewrite <- domain_row_at by exact hc.
    apply (hs (fun y => sum_of (domain_row c) y)). unfold domain_functions, domain_rows. cbn [map]. right. rewrite map_map. apply in_map_iff. now exists c. }
  apply negative_le in hp. unfold holds. specialize (no_equation c hc). destruct (relates c); simpl; tauto.
Qed.

(** Each cell has a point strictly inside. *)
Lemma point_inside c : right_cell c -> exists x, length x = inputs q /\ strictly (rows_of (pattern c)) (1 :: x).
Proof.
  intros [hP _]. destruct (interior _ _ _ hP) as [y [hy hs]]. destruct y as [|t u]; [easy|]. assert (hl := linear_rows _ _ _ hP).
  assert (ht : pos t).
  { unfold strictly in hs. rewrite Forall_forall in hs. assert (h : pos (sum_of [1%Z] (t :: u))).
    { apply (hs (fun y => sum_of [1%Z] y)). unfold Cover.rows_of, domain_functions, domain_rows. apply in_or_app. right. now left. }
    simpl in h. rewrite integer_1 in h. now replace (1 * t + 0) with t in h by ring. }
  exists (map (mul F (/ t)) u). split; [rewrite map_length; simpl in hy; lia|].
  assert (e : 1 :: map (mul F (/ t)) u = comb (/ t) (t :: u) 0 (t :: u)).
  { simpl. f_equal; [rewrite inverse_mul by apply ht; ring|]. clear. induction u as [|a u IH]; simpl; [reflexivity|]. rewrite IH. f_equal. ring. }
  rewrite e. unfold strictly in *. rewrite Forall_forall in *. intros g hg. rewrite (hl g hg) by exact hy.
  replace (/ t * g (t :: u) + 0 * g (t :: u)) with (/ t * g (t :: u)) by ring. apply pos_mul; [now apply pos_inverse | now apply hs].
Qed.

(** ** Hulls of cells *)

Lemma valid_length v : valid q target v -> length (place v) = n.
Proof. now intros [h _]. Qed.

Lemma hull_of_cell c x : right_cell c -> length x = inputs q -> in_cone (rows_of (pattern c)) (1 :: x) -> in_hull (hull_of (corners_of c)) x.
Proof.
  intros [hP _] hx hc. destruct (hull n _ _ hP (1 :: x)) as [ps [hs [hp hf]]]; [simpl; now rewrite hx | exact hc|].
  exists ps. split; [|split; [exact hp|]].
  - rewrite hs. unfold hull_of. now rewrite map_map.
  - intros i. apply (hf (fun v => nth i v 0)). apply nth_linear.
Qed.

Lemma cell_of_hull c x vs : right_cell c -> length x = inputs q -> incl vs (corners_of c) -> in_hull (hull_of vs) x -> in_cone (rows_of (pattern c)) (1 :: x).
Proof.
  intros [hP [hv _]] hx hincl hh. apply Forall_forall. intros g hg. assert (hl := linear_rows _ _ _ hP). assert (hi := vertices_inside _ _ _ hP).
  rewrite Forall_forall in hl, hi, hv. apply (in_hull_linear (inputs q) (hull_of vs) x g hx); [|exact hh|now apply hl|].
  - apply Forall_forall. intros v hin. apply in_map_iff in hin. destruct hin as [e [<- he]]. now apply valid_length, hv, hincl.
  - apply Forall_forall. intros v hin. apply in_map_iff in hin. destruct hin as [e [<- he]]. assert (hc := hi (coordinates e)).
    unfold in_cone in hc. rewrite Forall_forall in hc. apply hc; [|exact hg]. apply in_map, hincl, he.
Qed.

Lemma Forall2_impl {A B} (P Q : A -> B -> Prop) l l' : (forall a b, P a b -> Q a b) -> Forall2 P l l' -> Forall2 Q l l'.
Proof. intros h. induction 1; constructor; auto. Qed.

(** Where rows are 0, only vertices at which they are 0 count. *)
Lemma hull_of_some c x (keep : vertex -> bool) : right_cell c -> in_hull (hull_of (corners_of c)) x ->
  (forall v, In v (corners_of c) -> keep v = false -> exists g, linear_on n g /\ g (1 :: x) = 0 /\ pos (g (coordinates v))
     /\ forall w, In w (corners_of c) -> nonneg (g (coordinates w))) ->
  length x = inputs q -> in_hull (hull_of (filter keep (corners_of c))) x.
Proof.
  intros [hP [hv _]] [ps [hs [hp hi]]] hk hx. assert (hlen := lengths _ _ _ hP).
  assert (hsum : forall f, linear_on n f -> f (1 :: x) = total f ps).
  { assert (hlp : Forall (fun p => length (snd p) = n) ps).
    { apply Forall_forall. intros p hin. assert (h : In (snd p) (map (map integer) (hull_of (corners_of c)))) by (rewrite <- hs; now apply in_map).
      unfold hull_of in h. rewrite map_map in h. rewrite Forall_forall in hlen. now apply hlen. }
    assert (hy : exists y, length y = n /\ forall g, linear_on n g -> g y = total g ps).
    { clear -hlp. induction hlp as [|[a v] ps hv _ [y [hy hs]]].
      - exists (origin n). split; [apply repeat_length|]. intros g hg. now apply (linear_origin n).
      - exists (comb a v 1 y). split; [rewrite length_comb; simpl in *; congruence|]. intros g hg. simpl in *. rewrite hg, <- (hs g hg) by assumption. ring. }
    destruct hy as [y [hy hs']]. assert (e : 1 :: x = y).
    { apply (nth_ext _ _ 0 0); [simpl; congruence|]. intros i _. rewrite hi. symmetry. exact (hs' _ (nth_linear n i)). }
    intros f hf. now rewrite e, (hs' f hf). }
  assert (hz : Forall2 (fun p v => snd p = coordinates v /\ (keep v = false -> fst p = 0)) ps (corners_of c)).
  { assert (h2 : Forall2 (fun (p : K F * vector) v => In p ps /\ snd p = coordinates v /\ In v (corners_of c)) ps (corners_of c)).
    { assert (hs' : map snd ps = map (coordinates (F := F)) (corners_of c)) by (rewrite hs; unfold hull_of; now rewrite map_map).
      clear -hs'. assert (gen : forall (l : list (K F * vector)) vs, map snd l = map (coordinates (F := F)) vs -> incl l ps -> incl vs (corners_of c) ->
        Forall2 (fun (p : K F * vector) v => In p ps /\ snd p = coordinates v /\ In v (corners_of c)) l vs).
      { induction l as [|p l IH]; intros [|v vs] e h1 h2; try (simpl in e; discriminate); [constructor|]. simpl in e. injection e as e1 e2.
        constructor; [split; [apply h1; now left | split; [exact e1 | apply h2; now left]]|].
        apply IH; [exact e2 | intros a ha; apply h1; now right | intros a ha; apply h2; now right]. }
      apply gen; auto using incl_refl. }
    eapply Forall2_impl; [|exact h2]. intros p v [hin [e hvin]]. split; [exact e|]. intros hkv.
    destruct (hk v hvin hkv) as [g [hg [hgz [hgp hgn]]]]. rewrite (hsum g hg) in hgz. rewrite Forall_forall in hp.
    assert (hall : forall l, incl l ps -> nonneg (total g l)).
    { intros l hl. apply total_nonneg. apply Forall_forall. intros p' h'. apply nonneg_mul; [apply hp, hl, h'|].
      assert (h : In (snd p') (map (map integer) (hull_of (corners_of c)))) by (rewrite <- hs; apply in_map, hl, h').
      unfold hull_of in h. rewrite map_map in h. apply in_map_iff in h. destruct h as [w [e' hw]]. rewrite <- e'. now apply hgn. }
    apply in_split in hin. destruct hin as [l1 [l2 hl]]. rewrite hl, total_app in hgz. simpl in hgz. fold (total g l2) in hgz.
    assert (h1 := hall l1). assert (h3 := hall l2). assert (hpp : nonneg (fst p)) by (apply hp; rewrite hl; apply in_or_app; right; now left).
    destruct (nonneg_cases _ hpp) as [e0|e0]; [exact e0|]. exfalso. rewrite <- e in hgp.
    assert (hpos : pos (total g l1 + (fst p * g (snd p) + total g l2))).
    { apply pos_add_r; [apply h1; rewrite hl; intros a ha; apply in_or_app; now left|]. apply pos_add; [now apply pos_mul|].
      apply h3. rewrite hl. intros a ha. apply in_or_app. right. now right. }
    now apply hpos. }
  assert (hres : exists qs, map snd qs = map (map integer) (hull_of (filter keep (corners_of c))) /\ Forall (fun p => nonneg (fst p)) qs
    /\ forall f : row, total f qs = total f ps).
  { clear -hz hp. revert hp. induction hz as [|p v ps vs [e h0] _ IH]; intros hp; [exists []; repeat split; constructor|].
    inversion_clear hp as [|? ? hp1 hp2]. destruct (IH hp2) as [qs [h1 [h2 h3]]]. simpl. destruct (keep v).
    - exists (p :: qs). split; [simpl; rewrite h1; f_equal; exact e|]. split; [now constructor|]. intros f. simpl. fold (total f qs). now rewrite h3.
    - exists qs. split; [exact h1|]. split; [exact h2|]. intros f. rewrite h3. simpl. fold (total f ps). rewrite h0 by reflexivity. ring. }
  destruct hres as [qs [h1 [h2 h3]]]. exists qs. split; [exact h1|]. split; [exact h2|]. intros i. now rewrite h3.
Qed.

End Target.
End Hulls.
